import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  errorOf,
  fillInstallation,
  temporaryFolder,
  useServers,
  type TemporaryFolder,
} from "@mosaic/testing";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { migratePostgres } from "../postgres/open.ts";
import type { Place } from "./installation.ts";
import { exported as exportedTo, imported as importedFrom } from "./moves-in-test.ts";

const PROGRAM = fileURLToPath(new URL("import-process.ts", import.meta.url));

const servers = useServers();
let folder: TemporaryFolder;
let file: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await fillInstallation(join(folder.path, "home"));
  file = await exported({ home: join(folder.path, "home") }, "file");
});
afterAll(() => folder.remove());

let blocker: Client;
const children = new Set<ChildProcess>();
beforeEach(() => {
  blocker = new Client({ connectionString: servers.place.databaseUrl });
  blocker.on("error", () => undefined);
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await blocker.end().catch(() => undefined);
});

async function exported(place: Place, name: string): Promise<string> {
  const to = join(folder.path, name);
  await exportedTo(place, to);
  return to;
}

const imported = (from = file) => importedFrom(servers.place, from);

function importing(place: Place): { kill(): Promise<void> } {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ place, file })], { stdio: "ignore" });
  children.add(child);
  const ended = once(child, "close").then(() => children.delete(child));
  return {
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Asks until it is so: of servers, which tell nobody by themselves. */
async function until(test: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets an import come to the end of what it writes to PostgreSQL, and no further until `release`. */
async function blockPostgres(): Promise<{
  readonly reached: () => Promise<void>;
  readonly release: () => Promise<void>;
}> {
  await migratePostgres(servers.place.databaseUrl);
  await blocker.connect();
  await blocker.query("BEGIN");
  await blocker.query("LOCK TABLE audit IN SHARE MODE");
  const waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'audit'::regclass";
  return {
    reached: () => until(async () => (await blocker.query(waits)).rows.length > 0),
    release: async () => void (await blocker.query("COMMIT")),
  };
}

const begun = (): Promise<boolean> =>
  servers.valkey.run("exists", "orchestrator:importing").then((found) => found === "1");

/** What `repeated` gives when nobody could work on what was not whole, and all of it is there in the end. */
const WHOLE = { before: "busy", tasks: 12, completed: 1, audit: { ok: true, entries: 4 } };

async function repeated(): Promise<unknown> {
  const refusal = (await errorOf(servers.open())) as { readonly code?: string };
  // The attempt to open it has not made it anything either.
  const { kinds } = await imported();
  const store = await servers.open();
  const { completed } = await store.queue.counts();
  const audit = await store.audit.verify();
  await store.close();
  return { before: refusal.code, tasks: kinds.task.count, completed, audit };
}

it("killed while Valkey is written: nobody begins on it, and it can be repeated", async () => {
  const child = importing(servers.place);
  await until(begun);
  await child.kill();
  expect(await repeated()).toEqual(WHOLE);
});

it("killed while PostgreSQL is written: nothing of that is there, and it can be repeated", async () => {
  const block = await blockPostgres();
  const child = importing(servers.place);
  await block.reached();
  await child.kill();
  await block.release();
  expect(await repeated()).toEqual(WHOLE);
});

/** An import that PostgreSQL has, and that was killed before it could say so to Valkey. */
async function killAfterCommit(): Promise<void> {
  const block = await blockPostgres();
  const child = importing(servers.place);
  await block.reached();
  servers.valkey.process.freeze();
  await block.release();
  const there = "SELECT 1 FROM installation WHERE key = 'valkey_epoch'";
  await until(async () => (await blocker.query(there)).rows.length > 0);
  await child.kill();
  servers.valkey.process.thaw();
}

it("killed after PostgreSQL has it: a repetition with the same file finishes it", async () => {
  await killAfterCommit();
  expect(await repeated()).toEqual(WHOLE);
});

it("killed after PostgreSQL has it: another file is refused", async () => {
  await killAfterCommit();
  const other = join(folder.path, "other");
  await exported({ home: join(folder.path, "home") }, "other");
  expect(((await errorOf(imported(other))) as Error).message).toContain(
    "import of another file was interrupted",
  );
  expect(await repeated()).toEqual(WHOLE);
});

it("Valkey lost in the middle, and back: it can be repeated", async () => {
  const block = await blockPostgres();
  const outcome = errorOf(imported());
  await block.reached();
  await servers.valkey.process.kill();
  await block.release();
  expect(await outcome).toMatchObject({ name: "StoreUnavailableError" });
  await servers.valkey.restart();
  expect(await repeated()).toEqual(WHOLE);
});

it("PostgreSQL lost in the middle, and back: it can be repeated", async () => {
  const block = await blockPostgres();
  const outcome = errorOf(imported());
  await block.reached();
  await servers.postgres.process.kill();
  expect(await outcome).toMatchObject({ name: "StoreUnavailableError" });
  await servers.postgres.restart();
  expect(await repeated()).toEqual(WHOLE);
});

it("two at once: the second waits, and is refused when the first has come to its end", async () => {
  const outcomes = await Promise.allSettled([imported(), imported()]);
  const [refused] = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(String(refused?.reason)).toContain("is not empty");
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

it("a second one is refused while the first takes long", async () => {
  const block = await blockPostgres();
  const first = imported();
  await block.reached();
  expect(((await errorOf(imported())) as Error).message).toMatch(/another import into .* is running/);
  await block.release();
  expect((await first).kinds.task.count).toBe(12);
});

it("killed while a data folder is written: it can be repeated, and nothing is left over", async () => {
  const home = join(folder.path, "new");
  const child = importing({ home });
  await until(() => existsSync(join(home, "mosaic.db.import")));
  await child.kill();
  expect(existsSync(join(home, "mosaic.db"))).toBe(false);
  await importedFrom({ home }, file);
  expect((await readdir(home)).toSorted()).toEqual(["identity.json", "mosaic.db", "mosaic.lock"]);
});
