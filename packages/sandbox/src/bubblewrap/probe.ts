import { readFile } from "node:fs/promises";
import { collect } from "../collect.ts";
import { SandboxError, type Sandbox, type SandboxProbe, type SandboxSpec } from "../port.ts";
import { describeLimits } from "./held-limits.ts";
import type { Host } from "./host.ts";

const PROBE_TIMEOUT_MS = 10_000;

/** Says who it is and what it may do; anything else than this answer is a sandbox that does not hold. */
const SCRIPT =
  "id -u; grep CapEff /proc/self/status; ls /proc/self/ns/pid >/dev/null && cat /proc/net/route | wc -l";
const EXPECTED = /^1000\nCapEff:\t0{16}\n1\n$/;

const SPEC: Omit<SandboxSpec, "id"> = {
  label: "probe",
  command: ["/bin/sh", "-c", SCRIPT],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/tmp",
  mounts: [],
  scratch: [],
  limits: {
    memoryMb: 64,
    fileBytes: 1_048_576,
    openFiles: 256,
    tmpBytes: 1_048_576,
    processes: 256,
    cpus: 1,
  },
};

let probes = 0;

/** Runs a real sandbox and says what holds here, or what to change. */
export async function probe(sandbox: Sandbox, host: () => Promise<Host>): Promise<SandboxProbe> {
  try {
    const found = await host();
    probes += 1;
    const started = await sandbox.start({ ...SPEC, id: `probe-${String(probes)}` });
    const run = await collect(started, { maxBytes: 65_536, timeoutMs: PROBE_TIMEOUT_MS });
    if (run.code === 0 && EXPECTED.test(run.stdout.toString())) return { ok: true, detail: describe(found) };
    const said = JSON.stringify(`${run.stdout.toString()}${run.stderr.toString()}`);
    return {
      ok: false,
      detail: `${found.version} ran, but does not isolate: code ${String(run.code)}, said ${said}`,
    };
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return { ok: false, detail: `${error.message}${await advice()}` };
  }
}

function describe(host: Host): string {
  const root = process.getuid?.() === 0;
  return [
    `${host.version}: own user, PID, network and mount namespaces, no capabilities`,
    ...describeLimits(host),
    `system call filter: ${host.seccomp === null ? `none for ${process.arch}` : "yes"}`,
    ...(host.features.disableUserns
      ? []
      : ["bubblewrap before 0.8 leaves nested user namespaces to the filter"]),
    ...(host.features.size ? [] : ["bubblewrap before 0.7 cannot bound /tmp"]),
    ...(root ? ["Mosaic runs as root, so files made inside belong to root; an ordinary user is safer"] : []),
  ].join("; ");
}

/** Settings of the kernel that stop user namespaces, if one of them does. */
async function advice(): Promise<string> {
  const settings = [
    { name: "kernel.unprivileged_userns_clone", blocks: (value: string) => value === "0", set: "1" },
    {
      name: "kernel.apparmor_restrict_unprivileged_userns",
      blocks: (value: string) => value === "1",
      set: "0",
    },
    { name: "user.max_user_namespaces", blocks: (value: string) => value === "0", set: "15000" },
  ];
  for (const { name, blocks, set } of settings) {
    const value = await readFile(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").catch(() => "");
    if (blocks(value.trim())) {
      return `. This kernel forbids user namespaces (${name} = ${value.trim()}): sysctl -w ${name}=${set}`;
    }
  }
  return "";
}
