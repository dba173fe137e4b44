import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";

const LISTENING = "0A";

/**
 * The process that listens on a TCP port of this machine, as Linux tells it; null when it is not known (another
 * system, or another user's process).
 */
export async function portOwner(port: number): Promise<{ pid: number; name: string } | null> {
  const inodes = new Set(
    (await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((table) => listeners(table, port)))).flat(),
  );
  if (inodes.size === 0) return null;
  for (const entry of await list("/proc")) {
    if (/^\d+$/.test(entry) && (await holdsSocket(entry, inodes))) {
      return { pid: Number(entry), name: await programOf(entry) };
    }
  }
  return null;
}

/**
 * A program as its user knows it: `node mosaic.mjs`, not the name of its main thread. Of its arguments only a script that
 * comes first is told: others may hold what is nobody's business.
 */
async function programOf(pid: string): Promise<string> {
  const [program = "", script = ""] = (await readOrNothing(`/proc/${pid}/cmdline`)).split("\0");
  if (program === "") return (await readOrNothing(`/proc/${pid}/comm`)).trim();
  return script.startsWith("/") ? `${basename(program)} ${basename(script)}` : basename(program);
}

async function listeners(table: string, port: number): Promise<string[]> {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = (await readOrNothing(table)).split("\n").map((row) => row.trim().split(/\s+/));
  return rows
    .filter((row) => row[1]?.endsWith(`:${wanted}`) === true && row[3] === LISTENING)
    .map((row) => `socket:[${row[9] ?? ""}]`);
}

async function holdsSocket(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await list(`/proc/${pid}/fd`)) {
    // A file that was closed since, or may not be seen, is not the one.
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
    if (sockets.has(target)) return true;
  }
  return false;
}

/** What cannot be read (gone since, not ours, no /proc) holds nothing: the answer is only a hint. */
const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
const readOrNothing = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "");
