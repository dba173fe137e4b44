import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { SandboxError, type Mount, type SandboxSpec } from "../port.ts";
import { isWithin } from "../spec-checks.ts";
import type { User } from "./settings.ts";
import { exists } from "../exists.ts";

const run = promisify(execFile);

/** Inside, when Mosaic runs as root: an ordinary user, whose files root can read and remove. */
const UNDER_ROOT: User = { uid: 1000, gid: 1000 };

/**
 * Who a sandbox's processes are. An engine makes no user of the host another one's, as user namespaces do: inside and
 * outside are the same, so that the host can read and remove what they write.
 */
export function sandboxUser(): User {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? UNDER_ROOT : { uid, gid: process.getgid?.() ?? uid };
}

/**
 * Lets the sandbox's user read what is mounted, and write what is mounted writable. Only needed when Mosaic runs as root:
 * otherwise the files are the sandbox's user's own. Read-only sources are touched only when other users may not read
 * them, and then by their group, so that on the host, too, they cannot be changed. Files of other users stay theirs.
 */
export async function giveAccess(mounts: readonly Mount[], user: User): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = `${String(user.uid)}:${String(user.gid)}`;
  const writable = mounts.filter((mount) => mount.writable).map(({ source }) => source);
  const others = mounts.filter((mount) => !mount.writable).map(({ source }) => source);
  const [hidden, sockets] = await Promise.all([
    Promise.all(others.map(async (source) => ((await isHidden(source, user)) ? [source] : []))),
    Promise.all(others.map(socketsIn)),
  ]);
  // Their walk is by folder descriptors: a link that an agent plants on the way leads nowhere.
  await Promise.all([
    all("chown", ["-hR", "--from=0", owner], writable),
    all("chown", ["-hR", "--from=0", `:${String(user.gid)}`], [...hidden.flat(), ...sockets.flat()]),
  ]);
  await Promise.all([
    all("chmod", ["-R", "g+rX"], hidden.flat()),
    ...sockets.flat().map((socket) => chmod(socket, 0o660)),
  ]);
}

async function all(program: string, options: readonly string[], paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await run(program, [...options, "--", ...paths], { env: { PATH: "/usr/bin:/bin" } });
}

/** Whether the user cannot read it, going by its top. */
async function isHidden(source: string, { uid, gid }: User): Promise<boolean> {
  const found = await stat(source);
  const shift = found.uid === uid ? 6 : found.gid === gid ? 3 : 0;
  const needed = found.isDirectory() ? 0o5 : 0o4;
  return ((found.mode >> shift) & needed) !== needed;
}

/** Sockets that are, or lie in, a source: connecting takes the right to write to them, which root alone has. */
async function socketsIn(source: string): Promise<string[]> {
  const found = await stat(source);
  if (found.isSocket()) return [source];
  if (!found.isDirectory()) return [];
  const entries = await readdir(source, { withFileTypes: true });
  return entries.filter((entry) => entry.isSocket()).map((entry) => path.join(source, entry.name));
}

/**
 * Makes the places below writable mounts where others are mounted. The engine would make them too, but as root's, and an
 * ordinary user could not remove them.
 */
export async function makeMountPoints(spec: SandboxSpec, mounts: readonly Mount[]): Promise<void> {
  for (const target of [...mounts.map((mount) => mount.target), ...spec.scratch]) {
    const outer = mounts.filter((mount) => mount.target !== target && isWithin(target, mount.target)).at(-1);
    if (outer === undefined) continue;
    const place = path.join(outer.source, path.posix.relative(outer.target, target));
    if (await exists(place)) continue;
    if (!outer.writable)
      throw new SandboxError(`'${target}' lies in a read-only mount and must exist in it: ${place}`);
    const source = mounts.find((mount) => mount.target === target)?.source;
    if (source === undefined || (await stat(source)).isDirectory()) await mkdir(place, { recursive: true });
    else {
      await mkdir(path.dirname(place), { recursive: true });
      await writeFile(place, "", { flag: "wx" });
    }
  }
}
