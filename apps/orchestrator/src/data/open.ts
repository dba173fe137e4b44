import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashToken, newToken } from "@mosaic/http";
import { lockDataFolder, openSqliteStore, type Store } from "@mosaic/store";
import { z } from "zod";

/** The one data folder, opened and owned by this process until `close`. */
export interface Data {
  readonly home: string;
  readonly store: Store;
  /** Kept over restarts: tells this orchestrator's leases from another's. */
  readonly instanceId: string;
  /** Salt of secret fingerprints. */
  readonly salt: string;
  /** Where the CLI finds its token; null when MOSAIC_ADMIN_TOKEN is the token. */
  readonly tokenFile: string | null;
  close(): Promise<void>;
}

const Identity = z.object({ instanceId: z.uuid(), salt: z.string().min(32) });

/**
 * Opens the data folder: makes it (0700), locks it against a second process, opens the store, and makes the admin
 * token at the first start.
 * @throws FolderLockedError, or what the file system says
 */
export async function openData(options: {
  readonly home: string;
  readonly adminToken: string | undefined;
  readonly now?: () => number;
}): Promise<Data> {
  const { home } = options;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chmod(home, 0o700);
  const lock = lockDataFolder(home);
  try {
    const identity = await readIdentity(join(home, "identity.json"));
    const store = await openSqliteStore({
      file: join(home, "mosaic.db"),
      ...(options.now === undefined ? {} : { now: options.now }),
    });
    const tokenFile = await ensureAdminToken(store, home, options.adminToken).catch(
      async (error: unknown) => {
        await store.close();
        throw error;
      },
    );
    return {
      home,
      store,
      ...identity,
      tokenFile,
      async close() {
        await store.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function readIdentity(file: string): Promise<z.infer<typeof Identity>> {
  const text = await readOrNull(file);
  if (text !== null) return Identity.parse(JSON.parse(text));
  const identity = { instanceId: randomUUID(), salt: randomBytes(32).toString("hex") };
  await writePrivate(file, `${JSON.stringify(identity)}\n`);
  return identity;
}

/** The token of the environment replaces that of the file, and goes when the environment no longer names it. */
async function ensureAdminToken(
  store: Store,
  home: string,
  fromEnv: string | undefined,
): Promise<string | null> {
  const record = (name: string) => ({
    name,
    scopes: ["admin" as const],
    createdAt: new Date().toISOString(),
  });
  if (fromEnv !== undefined) {
    const known = await store.tokens.findByHash(hashToken(fromEnv));
    await store.tokens.put(record("admin-env"), hashToken(fromEnv));
    // Otherwise a rotated token would leave the old one valid.
    await store.tokens.remove("admin");
    if (known === null) await auditToken(store, "admin-env", "MOSAIC_ADMIN_TOKEN");
    return null;
  }
  await store.tokens.remove("admin-env");
  const file = join(home, "cli-token");
  const kept = (await readOrNull(file))?.trim();
  if (kept !== undefined && (await store.tokens.findByHash(hashToken(kept))) !== null) return file;
  const token = newToken();
  await writePrivate(file, `${token}\n`);
  await store.tokens.put(record("admin"), hashToken(token));
  await auditToken(store, "admin", "cli-token");
  return file;
}

async function auditToken(store: Store, name: string, from: string): Promise<void> {
  await store.audit.append({
    at: new Date().toISOString(),
    actor: "boot",
    action: "token.create",
    subject: name,
    reason: `the token of ${from} was not known`,
    data: { scopes: ["admin"] },
  });
}

/** Written beside and renamed, so that a crash leaves the old file or the new one. */
async function writePrivate(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, text, { mode: 0o600, flag: "wx", flush: true });
  await rename(temporary, file);
}

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
