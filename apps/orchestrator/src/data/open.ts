import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Config } from "@mosaic/config";
import { hashToken, newToken } from "@mosaic/http";
import { FolderLockedError, type FolderLock, lockDataFolder, type Store } from "@mosaic/store";
import { z } from "zod";
import { patiently } from "../patience.ts";
import { openStore, type StorePlace } from "./open-store.ts";

/** The one data folder, opened and owned by this process until `close`. */
export interface Data {
  readonly home: string;
  readonly store: Store;
  /** Kept over restarts: tells this orchestrator's leases from another's. */
  readonly instanceId: string;
  /** Salt of secret fingerprints. */
  readonly salt: string;
  /** How the store is not as safe as it could be, each a sentence. */
  readonly warnings: readonly string[];
  /** Where the CLI finds its token; null when MOSAIC_ADMIN_TOKEN is the token. */
  readonly tokenFile: string | null;
  close(): Promise<void>;
}

export interface DataOptions extends StorePlace {
  readonly config: StorePlace["config"] & Pick<Config, "adminToken">;
}

/** Between two looks at a folder that somebody looks after, in milliseconds. */
const LOCK_PAUSE_MS = 200;

const Identity = z.object({ instanceId: z.uuid(), salt: z.string().min(32) });

/**
 * Opens the data folder: makes it (0700), locks it against a second process, opens the store, and makes the admin
 * token at the first start.
 * @throws FolderLockedError, or what the file system says
 */
export async function openData(options: DataOptions): Promise<Data> {
  const { config } = options;
  const { home, adminToken } = config;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chmod(home, 0o700);
  const lock = await lockWhenLookedAfter(options);
  try {
    const identity = await readIdentity(join(home, "identity.json"));
    const { store, sharedSalt, warnings } = await openStore(options);
    const opened = async () => ({
      salt: (await sharedSalt?.(identity.salt)) ?? identity.salt,
      tokenFile: await ensureAdminToken(store, {
        home,
        fromEnv: adminToken,
        // Each orchestrator of a shared store has a token of its own, on its own disk.
        suffix: sharedSalt === null ? "" : `@${hostname()}-${identity.instanceId.slice(0, 8)}`,
      }),
    });
    const { salt, tokenFile } = await opened().catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    return {
      home,
      store,
      instanceId: identity.instanceId,
      salt,
      warnings,
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

/** Another orchestrator of this machine may just be looking after what the last process here left: it is done soon. */
function lockWhenLookedAfter({ config, logger }: DataOptions): Promise<FolderLock> {
  const passes = (error: unknown): boolean => {
    if (!(error instanceof FolderLockedError) || !error.passing) return false;
    logger.info(`${config.home} is being looked after by process ${error.pid}; waiting for it`);
    return true;
  };
  const patience = { ms: config.storeWait * 1000, pauseMs: LOCK_PAUSE_MS, passes };
  return patiently(patience, () => lockDataFolder(config.home));
}

async function readIdentity(file: string): Promise<z.infer<typeof Identity>> {
  const text = await readOrNull(file);
  if (text !== null) return Identity.parse(JSON.parse(text));
  const identity = { instanceId: randomUUID(), salt: randomBytes(32).toString("hex") };
  await writePrivate(file, `${JSON.stringify(identity)}\n`);
  return identity;
}

/**
 * The token of the environment replaces that of the file, and goes when the environment no longer names it. On a shared
 * store it belongs to all orchestrators, which are to be given the same; what is on a disk belongs to one.
 */
async function ensureAdminToken(store: Store, { home, fromEnv, suffix }: TokenPlace): Promise<string | null> {
  const own = `admin${suffix}`;
  const record = (name: string) => ({
    name,
    scopes: ["admin" as const],
    createdAt: new Date().toISOString(),
  });
  if (fromEnv !== undefined) {
    const known = await store.tokens.findByHash(hashToken(fromEnv));
    await store.tokens.put(record("admin-env"), hashToken(fromEnv));
    // Otherwise a rotated token would leave the old one valid; and one that came with a move, too.
    for (const name of [own, "admin"]) await store.tokens.remove(name);
    if (known === null) await auditToken(store, "admin-env", "MOSAIC_ADMIN_TOKEN");
    return null;
  }
  if (suffix === "") await removeForeign(store);
  const file = join(home, "cli-token");
  const kept = (await readOrNull(file))?.trim();
  if (kept !== undefined && (await store.tokens.findByHash(hashToken(kept))) !== null) return file;
  const token = newToken();
  await writePrivate(file, `${token}\n`);
  await store.tokens.put(record(own), hashToken(token));
  await auditToken(store, own, "cli-token");
  return file;
}

/** Tokens of an environment that names none any more, and those of orchestrators that shared a store which was moved here. */
async function removeForeign({ tokens }: Store): Promise<void> {
  for (const { name } of await tokens.list())
    if (name === "admin-env" || name.startsWith("admin@")) await tokens.remove(name);
}

interface TokenPlace {
  readonly home: string;
  readonly fromEnv: string | undefined;
  /** Tells the tokens of orchestrators apart that share a store; empty where there is only one. */
  readonly suffix: string;
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
