import { CorruptRecordError, StoreUnavailableError } from "../store-error.ts";
import type { Link } from "./connect.ts";
import { KEYS } from "./keys.ts";
import { checks } from "../record-layout.ts";
import { readObject } from "./record-text.ts";

/** What an import leaves behind until it is finished. While it is there, nobody begins on this database. */
export interface ImportMarker {
  /** Of the installation that comes about. */
  readonly epoch: string;
  /** Checksum of the file it comes from. */
  readonly sha256: string;
}

/** What a database says of itself, before anything is done to it. */
export interface Standing {
  /** Null: no installation is on it. */
  readonly epoch: string | null;
  readonly importing: ImportMarker | null;
  /** A key of ours, if there is any. */
  readonly anyKey: string | null;
}

const OURS = "orchestrator:*";
/** Keys looked at in one step. */
const SCAN_STEP = 1000;

/** Sets epoch and marker, if the database is still as it was seen: `ARGV` is the marker and the epoch seen, then the new ones. */
const BEGIN = `
local marker, epoch = redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2]) or ''
if marker ~= ARGV[1] or epoch ~= ARGV[2] then return 0 end
redis.call('MSET', KEYS[1], ARGV[3], KEYS[2], ARGV[4])
return 1`;

/** Runs commands, each after the number of its words, unless another import has taken over. */
const WRITE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local at = 2
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return 1`;

export type Command = readonly (string | number)[];

/** Looks at a database without changing it. @throws StoreUnavailableError */
export async function lookAt(link: Link): Promise<Standing> {
  return await known(link, { reads: true }, async () => {
    const [epoch = null, marker = null] = await link.redis.mget(KEYS.epoch, KEYS.importing);
    return { epoch, importing: marker === null ? null : parseMarker(marker), anyKey: await firstKey(link) };
  });
}

/**
 * Makes the database an import's, and empties it of what a former one has left.
 * @throws StoreUnavailableError `busy` when the database is not as it was seen any more
 */
export async function beginImport(link: Link, seen: Standing, marker: ImportMarker): Promise<void> {
  const former = seen.importing === null ? "" : markerText(seen.importing);
  const begun = await known(link, { reads: false }, () =>
    link.redis.eval(
      BEGIN,
      2,
      KEYS.importing,
      KEYS.epoch,
      former,
      seen.epoch ?? "",
      markerText(marker),
      marker.epoch,
    ),
  );
  if (begun !== 1) throw takenOver(link);
  await removeAll(link, marker, [KEYS.importing, KEYS.epoch]);
}

/** Runs commands in one step. @throws StoreUnavailableError `busy` when another import has taken over */
export async function writeCommands(
  link: Link,
  marker: ImportMarker,
  commands: readonly Command[],
): Promise<void> {
  const words = commands.flatMap((command) => [command.length, ...command]);
  const written = await known(link, { reads: false }, () =>
    link.redis.eval(WRITE, 1, KEYS.importing, markerText(marker), ...words),
  );
  if (written !== 1) throw takenOver(link);
}

/** The database is whole: orchestrators may begin on it. */
export async function finishImport(link: Link, marker: ImportMarker): Promise<void> {
  await writeCommands(link, marker, [["DEL", KEYS.importing]]);
}

/** Leaves the database as empty as it was. */
export async function abandonImport(link: Link, marker: ImportMarker): Promise<void> {
  await removeAll(link, marker, [KEYS.importing]);
  await finishImport(link, marker);
}

async function removeAll(link: Link, marker: ImportMarker, but: readonly string[]): Promise<void> {
  const kept = new Set(but);
  for await (const keys of ourKeys(link)) {
    const found = keys.filter((name) => !kept.has(name));
    if (found.length > 0) await writeCommands(link, marker, [["UNLINK", ...found]]);
  }
}

async function firstKey(link: Link): Promise<string | null> {
  for await (const [first] of ourKeys(link)) if (first !== undefined) return first;
  return null;
}

async function* ourKeys({ redis }: Link): AsyncGenerator<readonly string[], void, undefined> {
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", OURS, "COUNT", SCAN_STEP);
    yield keys;
    cursor = next;
  } while (cursor !== "0");
}

function markerText({ epoch, sha256 }: ImportMarker): string {
  return JSON.stringify({ epoch, sha256 });
}

function parseMarker(text: string): ImportMarker {
  return readObject<ImportMarker>(KEYS.importing, text, { epoch: checks.text, sha256: checks.text });
}

async function known<T>(link: Link, about: { readonly reads: boolean }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CorruptRecordError || error instanceof StoreUnavailableError) throw error;
    throw link.fault(error, about);
  }
}

function takenOver({ server }: Link): StoreUnavailableError {
  return new StoreUnavailableError(
    "busy",
    `${server} was changed while an installation was moved into it: another import or an orchestrator has begun there`,
  );
}
