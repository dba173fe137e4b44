import { existsSync, globSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { run } from "../mounts.ts";

const PAUSE_MS = 20;

/**
 * Ends what an engine with its data below `folder` left: its containerd, its containers' monitors and processes, mounts and
 * control groups. A killed engine leaves all of that behind.
 */
export async function endContainers(folder: string): Promise<void> {
  const ids = containersBelow(folder);
  for (;;) {
    const left = processIds().filter((pid) => belongs(pid, folder, ids));
    for (const pid of left) kill(pid);
    if (left.length === 0) break;
    await pause(PAUSE_MS);
  }
  for (const mount of mountsBelow(folder)) run("umount", ["--lazy", mount]);
  for (const id of ids) for (const group of groupsOf(id)) rmdirSync(group);
}

/** containerd dies with its dockerd, a moment later; a dockerd started within that moment takes it for its own. */
export async function endContainerd(folder: string): Promise<void> {
  for (;;) {
    const left = processIds().filter((pid) => isContainerd(pid, folder));
    for (const pid of left) kill(pid);
    if (left.length === 0) break;
    await pause(PAUSE_MS);
  }
  rmSync(`${folder}/exec/containerd/containerd.pid`, { force: true });
}

/** Engines keep a folder for each container, named by its whole id; Podman has files beside them. */
function containersBelow(folder: string): string[] {
  return ["containers", "overlay-containers"]
    .map((name) => `${folder}/data/${name}`)
    .flatMap((containers) => (existsSync(containers) ? readdirSync(containers) : []))
    .filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** containerd and monitors name a path of this engine on their command line; a container's processes are in its group. */
function belongs(pid: number, folder: string, containers: readonly string[]): boolean {
  if (pid === process.pid) return false;
  if (isContainerd(pid, folder) || isMonitor(pid, folder)) return true;
  const groups = containers.length === 0 ? "" : read(`/proc/${pid}/cgroup`);
  return containers.some((id) => groups.includes(id));
}

const isContainerd = (pid: number, folder: string): boolean =>
  read(`/proc/${pid}/cmdline`).startsWith(`containerd\0--config\0${folder}/`);

/** Docker's shim, Podman's conmon, and the Podman that conmon starts to clean up. */
function isMonitor(pid: number, folder: string): boolean {
  const command = read(`/proc/${pid}/cmdline`);
  return /^[^\0]*(?:containerd-shim|conmon|podman\0)/.test(command) && command.includes(`\0${folder}/`);
}

function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended while we looked
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The innermost first. */
function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .filter((target) => target.startsWith(`${folder}/`))
    .sort((one, other) => other.length - one.length);
}

const groupsOf = (id: string): string[] =>
  globSync(`/sys/fs/cgroup/{*/,}{docker,libpod_parent}/{,libpod-}${id}`);
