import { randomUUID } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { MoveError } from "./place.ts";

/** The orchestrator of a data folder keeps here who it is, and the salt of an embedded installation's fingerprints. */
const FILE = "identity.json";

/** Null when the folder has none yet. @throws MoveError when it is damaged */
export async function readSalt(home: string): Promise<string | null> {
  return (await readIdentity(home))?.salt ?? null;
}

/** Gives the folder this salt; who it is stays. */
export async function writeSalt(home: string, salt: string): Promise<void> {
  const former = await readIdentity(home);
  if (former?.salt === salt) return;
  const draft = join(home, `${FILE}.${randomUUID()}`);
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify({ instanceId: former?.instanceId ?? randomUUID(), salt })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, join(home, FILE));
}

async function readIdentity(
  home: string,
): Promise<{ readonly instanceId: string; readonly salt: string } | null> {
  const file = join(home, FILE);
  try {
    const { instanceId, salt } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    if (typeof instanceId === "string" && typeof salt === "string") return { instanceId, salt };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new MoveError(`${file} is damaged: bring it back from a backup`);
}
