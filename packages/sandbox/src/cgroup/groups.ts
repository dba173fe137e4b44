import { mkdir, readdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** What one sandbox may use. */
export interface GroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
}

/** The control group of one sandbox. */
export interface ControlGroup {
  /** Moves a process in; what it starts from then on is in as well. */
  add(pid: number): Promise<void>;
  /** Whether the kernel killed something in it for lack of memory. */
  outOfMemory(): Promise<boolean>;
  /** Removes the group once its processes are gone. */
  remove(): Promise<void>;
}

/** Control groups as far as this process may use them. */
export interface ControlGroups {
  readonly version: 1 | 2;
  create(name: string, limits: GroupLimits): Promise<ControlGroup>;
}

/** Names start with this and the id of the process that made them. */
const PREFIX = "mosaic-";

/** The kernel frees a group a moment after its last process is gone. */
const REMOVE_TRIES = 50;
const REMOVE_PAUSE_MS = 20;

interface Place {
  /** The folder new groups are made in. */
  readonly parent: string;
  readonly files: (limits: GroupLimits) => readonly Setting[];
  /** Where the kernel counts kills for memory, if here. */
  readonly events: string | null;
}

interface Setting {
  readonly file: string;
  readonly value: number;
  /** Absent without swap accounting or in older kernels. */
  readonly optional: boolean;
}

const MEMORY_V1: Omit<Place, "parent"> = {
  files: (limits) => [
    { file: "memory.limit_in_bytes", value: limits.memoryBytes, optional: false },
    { file: "memory.memsw.limit_in_bytes", value: limits.memoryBytes, optional: true },
  ],
  events: "memory.oom_control",
};

const PIDS_V1: Omit<Place, "parent"> = {
  files: (limits) => [{ file: "pids.max", value: limits.processes, optional: false }],
  events: null,
};

const UNIFIED: Omit<Place, "parent"> = {
  files: (limits) => [
    { file: "memory.max", value: limits.memoryBytes, optional: false },
    { file: "memory.swap.max", value: 0, optional: true },
    { file: "pids.max", value: limits.processes, optional: true },
  ],
  events: "memory.events",
};

/**
 * Finds out by trying where control groups with a memory limit can be made: below this process's own group, so that its
 * limits stay in force, or beside it (version 2 allows no groups below one with processes). Null where neither works.
 *
 * @param root where control groups are mounted
 * @param membership the text of /proc/self/cgroup
 */
export async function findControlGroups(root: string, membership: string): Promise<ControlGroups | null> {
  for (const candidate of candidates(root, membership)) {
    if (await works(candidate.places)) {
      await removeLeftovers(candidate.places);
      return {
        version: candidate.version,
        create: (name, limits) =>
          createGroup(candidate.places, `${PREFIX}${String(process.pid)}-${name}`, limits),
      };
    }
  }
  return null;
}

interface Candidate {
  readonly version: 1 | 2;
  readonly places: readonly Place[];
}

function candidates(root: string, membership: string): Candidate[] {
  const own = new Map(
    membership
      .split("\n")
      .map((line) => line.split(":"))
      .filter((parts) => parts.length >= 3)
      .flatMap(([, controllers = "", ...rest]) =>
        controllers.split(",").map((name) => [name, rest.join(":")] as const),
      ),
  );
  const memory = [own.get("memory") ?? "/", "/"].map((folder) => path.join(root, "memory", folder));
  const pids = path.join(root, "pids", own.get("pids") ?? "/");
  const unified = path.join(root, own.get("") ?? "/");
  return [
    ...memory.map((parent) => [
      { ...MEMORY_V1, parent },
      { ...PIDS_V1, parent: pids },
    ]),
    ...memory.map((parent) => [{ ...MEMORY_V1, parent }]),
  ]
    .map((places): Candidate => ({ version: 1, places }))
    .concat(
      [unified, path.dirname(unified)].map((parent) => ({ version: 2, places: [{ ...UNIFIED, parent }] })),
    )
    .filter((candidate) => candidate.places.every((place) => isInside(place.parent, root)));
}

function isInside(folder: string, root: string): boolean {
  return folder === root || folder.startsWith(`${root}/`);
}

async function works(places: readonly Place[]): Promise<boolean> {
  try {
    const group = await createGroup(places, `${PREFIX}${String(process.pid)}-probe`, {
      memoryBytes: 64 * 1024 * 1024,
      processes: 16,
    });
    await group.remove();
    return true;
  } catch {
    return false; // read-only, not ours, or without the controller: the answer of the trial
  }
}

/** Groups of processes that are gone: theirs died with them, the empty folders stayed. */
async function removeLeftovers(places: readonly Place[]): Promise<void> {
  for (const { parent } of places) {
    for (const name of await readdir(parent)) {
      const owner = /^mosaic-(\d+)-/.exec(name)?.[1];
      if (owner === undefined || (await exists(`/proc/${owner}`))) continue;
      await rmdir(path.join(parent, name)).catch(() => undefined); // in use, or removed by another instance just now
    }
  }
}

async function createGroup(
  places: readonly Place[],
  name: string,
  limits: GroupLimits,
): Promise<ControlGroup> {
  const folders = places.map((place) => path.join(place.parent, name));
  const remove = async () => {
    for (const folder of folders) await removeGroup(folder);
  };
  try {
    for (const [index, place] of places.entries()) {
      const folder = folders[index] ?? "";
      await mkdir(folder);
      for (const setting of place.files(limits)) await apply(folder, setting);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    add: async (pid) => {
      for (const folder of folders) await writeFile(path.join(folder, "cgroup.procs"), String(pid));
    },
    outOfMemory: async () => {
      const index = places.findIndex((place) => place.events !== null);
      const file = path.join(folders[index] ?? "", places[index]?.events ?? "");
      const killed = /^oom_kill (\d+)$/m.exec(await readFile(file, "utf8"))?.[1] ?? "0";
      return killed !== "0";
    },
    remove,
  };
}

async function apply(folder: string, setting: Setting): Promise<void> {
  const file = path.join(folder, setting.file);
  if (setting.optional && !(await exists(file))) return;
  // 'r+': a control file that is not there must not be made, which on an ordinary folder would look like success.
  await writeFile(file, String(setting.value), { flag: "r+" });
}

async function removeGroup(folder: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || tries === REMOVE_TRIES) throw error;
      await pause(REMOVE_PAUSE_MS);
    }
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
