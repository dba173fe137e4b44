import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lockDataFolder, openSqliteStore } from "@mosaic/store";
import {
  admission,
  startPostgres,
  startValkey,
  type PostgresInTest,
  type ValkeyInTest,
} from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";

const SECRET = "valkey-secret";
let valkey: ValkeyInTest;
let postgres: PostgresInTest;
beforeAll(async () => {
  [valkey, postgres] = await Promise.all([startValkey({ args: ["--requirepass", SECRET] }), startPostgres()]);
});
afterAll(() => Promise.all([valkey.close(), postgres.close()]));

let cli: CommandLine;
let servers: { readonly VALKEY_URL: string; readonly DATABASE_URL: string };
beforeEach(async () => {
  await valkey.run("flushall");
  servers = { VALKEY_URL: valkey.url, DATABASE_URL: await postgres.createDatabase() };
  cli = createCommandLine();
});
afterEach(() => cli.dispose());

/** An installation with one task, in the data folder of the command line. */
async function fill(): Promise<void> {
  const store = await openSqliteStore({ file: join(cli.home, "mosaic.db") });
  const { task, agent, maxPending } = admission({ taskId: "task-1" });
  await store.state.admit({ task, agent, maxPending });
  await store.queue.enqueue({ taskId: "task-1", priority: 5 });
  await store.close();
}

describe("mosaic db export and import", () => {
  it("move an installation to servers and back, and say what there was", async () => {
    await fill();
    const first = await cli.run(["db", "export", "--to", "installation.jsonl"]);
    expect(first).toMatchObject({ code: 0, stdout: `${join(cli.home, "installation.jsonl")}\n` });
    expect(first.stderr).toContain("1  tasks");
    const there = await cli.run(["db", "import", "installation.jsonl"], servers);
    expect(there.stdout).toContain("1  queue entries (0 completed and 0 failed before)");
    expect(there.stderr).toContain("digest of every kind are those of the file");
    expect(there.code).toBe(0);
    const back = await cli.run(["db", "export", "--to", "back.jsonl", "--json"], servers);
    expect(JSON.parse(back.stdout)).toMatchObject({
      from: "distributed",
      newestEvent: 2,
      counts: { task: 1, event: 2 },
    });
    const MOSAIC_HOME = join(cli.home, "other");
    const json = await cli.run(["db", "import", "back.jsonl", "--json"], { MOSAIC_HOME });
    expect(JSON.parse(json.stdout)).toMatchObject({ same: true, counts: { task: 1, agent: 1, entry: 1 } });
    for (const { stdout, stderr } of [there, back, json]) {
      expect(stdout + stderr).not.toContain(SECRET);
      expect(stdout + stderr).not.toContain("only-on-the-loopback");
    }
  });

  it("an export without --to is the result itself", async () => {
    await fill();
    const { code, stdout } = await cli.run(["db", "export"]);
    expect(code).toBe(0);
    await writeFile(join(cli.home, "piped.jsonl"), stdout);
    expect((await cli.run(["db", "import", "piped.jsonl"], servers)).code).toBe(0);
  });

  it("refuse an installation that runs, a place that is taken and a file that was changed: exit 1, and why", async () => {
    await fill();
    const lock = lockDataFolder(cli.home);
    const running = await cli.run(["db", "export", "--to", "x"]);
    expect(running).toMatchObject({ code: 1, stdout: "" });
    expect(running.stderr).toMatch(/is in use by process \d+[^]*stop `mosaic up` there/);
    lock.release();
    await cli.run(["db", "export", "--to", "x"]);
    const taken = await cli.run(["db", "import", "x"]);
    expect(taken).toMatchObject({ code: 1, stdout: "" });
    expect(taken.stderr).toContain("has an installation already");
    const text = await readFile(join(cli.home, "x"), "utf8");
    await writeFile(join(cli.home, "y"), text.replace("task-1", "task-2"));
    const changed = await cli.run(["db", "import", "y", "--json"], servers);
    expect(changed).toMatchObject({ code: 1, stdout: "" });
    expect(JSON.parse(changed.stderr.split("\n").at(-2) ?? "")).toMatchObject({
      error: expect.stringContaining("is refused, and nothing was written") as unknown,
    });
  });
});

describe("mosaic db migrate", () => {
  it("brings PostgreSQL to the newest schema, once, and looks at both", async () => {
    const first = await cli.run(["db", "migrate"], servers);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^PostgreSQL: schema 0 → \d+$/m);
    expect(first.stdout).toMatch(/^ok +valkey +empty, for the first start/m);
    const again = await cli.run(["db", "migrate", "--json"], servers);
    const { ok, schema } = JSON.parse(again.stdout) as { ok: boolean; schema: { from: number; to: number } };
    expect([ok, schema.to]).toEqual([true, schema.from]);
  });

  it("ends with 2 without servers, 6 when one cannot be reached, 1 when one is broken", async () => {
    expect((await cli.run(["db", "migrate"])).code).toBe(2);
    expect((await cli.run(["db", "migrate"], { DATABASE_URL: servers.DATABASE_URL })).code).toBe(2);
    const DATABASE_URL = "postgres://me:hidden@127.0.0.1:9/mosaic";
    const unreachable = await cli.run(["db", "migrate"], { ...servers, DATABASE_URL });
    expect(unreachable.code).toBe(6);
    expect(unreachable.stderr).not.toContain("hidden");
    const wrong = await cli.run(["db", "migrate"], {
      ...servers,
      VALKEY_URL: valkey.url.replace(SECRET, "wrong"),
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/^broken +valkey .*WRONGPASS/m);
  });
});

describe("mosaic db adopt", () => {
  it("wants to be told that the data is given up, and why; then says what is remembered", async () => {
    await fill();
    await cli.run(["db", "export", "--to", "x"]);
    await cli.run(["db", "import", "x"], servers);
    const reason = ["--reason", "the disk burnt"];
    expect((await cli.run(["db", "adopt", "--accept-empty"], servers)).code).toBe(2);
    expect((await cli.run(["db", "adopt", ...reason], servers)).stderr).toContain(
      "--accept-empty is missing",
    );
    const early = await cli.run(["db", "adopt", "--accept-empty", ...reason], servers);
    expect(early).toMatchObject({ code: 1, stdout: "" });
    expect(early.stderr).toContain("there is nothing to adopt");
    await valkey.run("flushall");
    const { code, stdout, stderr } = await cli.run(["db", "adopt", "--accept-empty", ...reason], servers);
    expect(stderr).toContain("PostgreSQL remembers 0 tasks");
    expect(stdout).toMatch(/^the empty Valkey is this installation's now \(epoch [0-9a-f-]{36}, before /);
    expect(code).toBe(0);
  });
});

describe("mosaic doctor with servers", () => {
  it("looks at both of them", async () => {
    await mkdir(join(cli.home, "bin"));
    const { stdout } = await cli.run(["doctor"], servers);
    expect(stdout).toMatch(/^ok +postgresql +PostgreSQL \d+.* every commit synced/m);
    expect(stdout).toMatch(/^ok +valkey +(Redis|Valkey) \d.*every write synced/m);
    await valkey.run("config", "set", "appendonly", "no");
    await valkey.run("set", "orchestrator:epoch", "x");
    const changed = await cli.run(["doctor"], servers);
    expect(changed).toMatchObject({ code: 1 });
    expect(changed.stdout).toMatch(/^warning +valkey .*everything is lost/m);
    expect(changed.stdout).toMatch(/^broken +valkey +it has data, and PostgreSQL knows of none/m);
    await valkey.run("config", "set", "appendonly", "yes");
  });
});
