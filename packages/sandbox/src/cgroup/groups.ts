import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  CONTROLLERS,
  RULES,
  tellsKills,
  type Controller,
  type GroupLimits,
  type Setting,
} from "./controllers.ts";
import { placesFor, type Place } from "./places.ts";
import { exists } from "../exists.ts";

/** The control group of one sandbox. */
export interface ControlGroup {
  /** Moves a process in; what it starts from then on is in as well. */
  add(pid: number): Promise<void>;
  /** Takes a limit away again. */
  lift(controller: Controller): Promise<void>;
  /** The file in which the kernel counts refused processes; null where processes are not limited by groups. */
  readonly refusals: string | null;
  /** Whether the kernel killed something in it for lack of memory. */
  outOfMemory(): Promise<boolean>;
  /** Removes the group once its processes are gone. */
  remove(): Promise<void>;
}

/** Control groups as far as this process may use them. */
export interface ControlGroups {
  /** The version of the hierarchy in which each limit holds; a controller that is not there cannot be used. */
  readonly held: Readonly<Partial<Record<Controller, 1 | 2>>>;
  create(name: string, limits: GroupLimits): Promise<ControlGroup>;
}

/**
 * Names start with this, the id of the process that made them, and a number: two adapters of one process must never take
 * each other's groups for their own.
 */
const PREFIX = "mosaic-";
let made = 0;
const newName = (name: string): string => `${PREFIX}${String(process.pid)}-${String((made += 1))}-${name}`;

/** The kernel frees a group a moment after its last process is gone. */
const REMOVE_TRIES = 50;
const REMOVE_PAUSE_MS = 20;

const TRIAL: GroupLimits = { memoryBytes: 64 * 1024 * 1024, processes: 16, cpus: 1 };

/**
 * Finds out by trying where control groups with limits can be made, for each controller by itself: below this process's
 * own group, so that its limits stay in force, or beside it (version 2 allows no groups below one with processes). Null
 * where none can be used.
 *
 * @param root where control groups are mounted
 * @param membership the text of /proc/self/cgroup
 */
export async function findControlGroups(root: string, membership: string): Promise<ControlGroups | null> {
  const places: Place[] = [];
  for (const controller of CONTROLLERS) {
    for (const place of placesFor(controller, root, membership)) {
      if (!(await works(place))) continue;
      places.push(place);
      break;
    }
  }
  if (places.length === 0) return null;
  for (const parent of new Set(places.map((place) => place.parent))) await removeLeftovers(parent);
  return {
    held: Object.fromEntries(places.map(({ controller, version }) => [controller, version])),
    create: (name, limits) => createGroup(places, newName(name), limits),
  };
}

async function works(place: Place): Promise<boolean> {
  const trial = async () => {
    const group = await createGroup([place], newName("trial"), TRIAL);
    await group.remove();
  };
  try {
    await trial();
    return true;
  } catch {
    if (place.version === 1) return false; // read-only, not ours, or without the controller: the answer of the trial
  }
  // Groups of version 2 have a controller's files only where the group above passes it on, which we may be let do.
  try {
    const control = path.join(place.parent, "cgroup.subtree_control");
    await writeFile(control, `+${place.controller}`, { flag: "r+" });
    await trial();
    return true;
  } catch {
    return false;
  }
}

/** Groups of processes that are gone: theirs died with them, the empty folders stayed. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^mosaic-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || (await exists(`/proc/${owner}`))) continue;
    await rmdir(path.join(parent, name)).catch(() => undefined); // in use, or removed by another instance just now
  }
}

async function createGroup(
  places: readonly Place[],
  name: string,
  limits: GroupLimits,
): Promise<ControlGroup> {
  const folderOf = (place: Place) => path.join(place.parent, name);
  const folders = [...new Set(places.map(folderOf))];
  const remove = async () => {
    for (const folder of folders) await removeGroup(folder);
  };
  try {
    for (const folder of folders) await mkdir(folder);
    for (const place of places) {
      const rules = RULES[place.controller][place.version];
      for (const setting of rules.settings(limits)) await apply(folderOf(place), setting);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  /** The file in which the kernel counts this, where one of the controllers does. */
  const counted = (what: "kills" | "refusals"): string | null => {
    for (const place of places) {
      const file = RULES[place.controller][place.version][what];
      if (file !== undefined) return path.join(folderOf(place), file);
    }
    return null;
  };
  return {
    refusals: counted("refusals"),
    add: async (pid) => {
      for (const folder of folders) await writeFile(path.join(folder, "cgroup.procs"), String(pid));
    },
    lift: async (controller) => {
      for (const place of places.filter((candidate) => candidate.controller === controller)) {
        const { lift } = RULES[controller][place.version];
        if (lift !== undefined) await apply(folderOf(place), lift);
      }
    },
    outOfMemory: async () => {
      const kills = counted("kills");
      return kills !== null && tellsKills(await readFile(kills, "utf8"));
    },
    remove,
  };
}

async function apply(folder: string, setting: Setting): Promise<void> {
  const file = path.join(folder, setting.file);
  if (setting.optional === true && !(await exists(file))) return;
  try {
    // 'r+': a control file that is not there must not be made, which on an ordinary folder would look like success.
    await writeFile(file, setting.value, { flag: "r+" });
  } catch (error) {
    if (setting.mayBeTighterAbove === true && (error as NodeJS.ErrnoException).code === "EINVAL") return;
    throw error;
  }
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
