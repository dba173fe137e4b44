import { SANDBOX_HOME } from "../layout.ts";
import type { Mount, SandboxSpec } from "../port.ts";
import { limitsScript } from "../resource-limits.ts";
import { ACCOUNT_FILES, hostFiles, maskedFiles, systemFolders } from "./files.ts";

/** What the installed bwrap can do; both came with 0.7 and 0.8. */
export interface Features {
  readonly disableUserns: boolean;
  readonly size: boolean;
}

/** Descriptors bwrap gets beside stdin, stdout and stderr. */
export const FD = { gate: 3, args: 4, seccomp: 5, firstFile: 6 } as const;

/**
 * Runs before the command, as the command's own process: sets resource limits, says that all is in place, and starts
 * the command only when told to. Without that word (the parent died) nothing of the command ever runs.
 *
 * @param ownProcesses limit of processes that the command sets itself, if it does
 */
export function gateCommand(spec: SandboxSpec, ownProcesses: number | null): string[] {
  // dash and busybox call it -p, bash -u (its -p cannot be set).
  const limit = String(ownProcesses);
  const own = ownProcesses === null ? "" : ` && { ulimit -u ${limit} || ulimit -p ${limit}; } 2>/dev/null`;
  const script =
    `${limitsScript(spec.limits)}${own} || exit 125; ` +
    `printf r >&${String(FD.gate)}; read -r _ <&${String(FD.gate)} || exit 125; exec ${String(FD.gate)}>&-; exec "$@"`;
  return ["/bin/sh", "-c", script, "mosaic", ...spec.command];
}

/**
 * bwrap's options for a specification, for `--args` (not argv, which every user of the host can read).
 * bwrap's own init stays process 1: it reaps orphans, and the kernel ends the whole namespace with it. The command as
 * process 1 would leave zombies and ignore signals it has no handler for.
 */
export function bubblewrapArguments(
  spec: SandboxSpec,
  mounts: readonly Mount[],
  options: { readonly features: Features; readonly seccomp: boolean },
): string[] {
  const { features } = options;
  const tmpfs = (target: string, mode: string) =>
    [
      ["--perms", mode],
      features.size ? ["--size", String(spec.limits.tmpBytes)] : [],
      ["--tmpfs", target],
    ].flat();
  return [
    ["--die-with-parent", "--new-session", "--unshare-all", "--unshare-user"],
    features.disableUserns ? ["--disable-userns"] : [],
    ["--uid", "1000", "--gid", "1000", "--hostname", "mosaic", "--cap-drop", "ALL"],
    options.seccomp ? ["--seccomp", String(FD.seccomp)] : [],
    ["--clearenv"],
    ...Object.entries(spec.env).map(([name, value]) => ["--setenv", name, value]),
    ...systemArguments(),
    ["--dev", "/dev", ...tmpfs("/dev/shm", "1777"), "--remount-ro", "/dev"],
    tmpfs("/tmp", "1777"),
    ["--dir", "/var", "--symlink", "/tmp", "/var/tmp", "--dir", "/run"],
    tmpfs(SANDBOX_HOME, "0700"),
    ...mounts.map((mount) => [mount.writable ? "--bind" : "--ro-bind", mount.source, mount.target]),
    ...spec.scratch.map((target) => tmpfs(target, "0755")),
    ["--remount-ro", "/", "--chdir", spec.cwd],
  ].flat();
}

function systemArguments(): string[][] {
  const accounts = Object.keys(ACCOUNT_FILES);
  return [
    ["--ro-bind", "/usr", "/usr"],
    ...systemFolders().map(({ folder, link }) =>
      link === null ? ["--ro-bind", folder, folder] : ["--symlink", link, folder],
    ),
    ...accounts.map((file, index) => ["--perms", "0444", "--file", String(FD.firstFile + index), file]),
    ...hostFiles().map((file) => ["--ro-bind", file, file]),
    ["--proc", "/proc"],
    ...maskedFiles().map((file) => ["--ro-bind", "/dev/null", file]),
    // Started by root, processes inside are root to /proc/sys, and bwrap leaves it writable: core_pattern would run
    // programs on the host. Nothing in /proc needs to be written.
    ["--remount-ro", "/proc"],
  ];
}
