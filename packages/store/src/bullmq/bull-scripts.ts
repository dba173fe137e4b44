import { createIORedisClient, RedisConnection } from "bullmq";
import { Redis } from "ioredis";

/** What this is written for: the scripts are not a public promise of BullMQ. The same as in package.json. */
const VERSION = "6.7.0";

const USED = [
  "addPrioritizedJob",
  "moveToActive",
  "moveJobFromActiveToWait",
  "moveToDelayed",
  "moveToFinished",
  "pause",
  "promote",
  "removeJob",
] as const;

export type BullScript = (typeof USED)[number];

/**
 * The Lua text of BullMQ's own scripts, as it registers them with any client it is given (`IRedisClient.defineCommand`,
 * its seam for other drivers). Nothing is connected. @throws when another version is installed
 */
export async function bullScripts(): Promise<Readonly<Record<BullScript, string>>> {
  const registered = new Map<string, string>();
  const recorder = new Redis({ lazyConnect: true });
  recorder.defineCommand = (nameAndVersion, { lua }) => void registered.set(nameAndVersion, lua);
  const connection = new RedisConnection(createIORedisClient(recorder), {
    shared: true,
    blocking: false,
    skipVersionCheck: true,
    skipWaitingForReady: true,
  });
  await connection.client;
  await connection.close();
  const texts = USED.map((name) => {
    const lua = registered.get(`${name}:${VERSION}`);
    if (lua === undefined)
      throw new Error(`BullMQ ${VERSION} is needed, and another version is installed: run npm ci`);
    return [name, lua];
  });
  return Object.fromEntries(texts) as Record<BullScript, string>;
}
