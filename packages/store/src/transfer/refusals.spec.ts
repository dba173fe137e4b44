import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  errorOf,
  fillInstallation,
  temporaryFolder,
  useServers,
  type TemporaryFolder,
} from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { lockDataFolder } from "../lock.ts";
import { exported, imported } from "./moves-in-test.ts";

const servers = useServers({ durable: false });
let source: TemporaryFolder;
/** The export of an installation, and what is in it. */
let file: string;
let text: string;
beforeAll(async () => {
  source = temporaryFolder();
  file = join(source.path, "file");
  await fillInstallation(join(source.path, "home"));
  await exported({ home: join(source.path, "home") }, file);
  text = await readFile(file, "utf8");
});
afterAll(() => source.remove());

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const path = (name: string): string => join(folder.path, name);
const whyNot = async (work: Promise<unknown>): Promise<string> => ((await errorOf(work)) as Error).message;

const tablesThere = (): Promise<string> =>
  servers.postgres.sql(
    servers.place.databaseUrl,
    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
  );

describe("a file that is not what was exported", () => {
  const lines = (): string[] => text.trimEnd().split("\n");
  const changed = (change: (all: string[]) => readonly string[]) => () => `${change(lines()).join("\n")}\n`;
  const CASES: Readonly<Record<string, readonly [() => string, RegExp]>> = {
    empty: [() => "", /it is empty/],
    "cut off inside a line": [() => text.slice(0, text.length / 2), /line \d+ cannot be read|cut off/],
    "cut off after a line": [changed((all) => all.slice(0, 20)), /last line is missing: it was cut off/],
    "without its last byte of JSON": [() => text.slice(0, -3), /cannot be read/],
    "with a line edited": [() => text.replace('"priority":9', '"priority":8'), /checksum does not fit/],
    "with a line taken out": [changed((all) => all.toSpliced(9, 1)), /checksum does not fit/],
    "with two lines exchanged": [
      changed((all) => [...all.slice(0, 3), all[4] ?? "", all[3] ?? "", ...all.slice(5)]),
      /checksum does not fit/,
    ],
    "with a byte that is no text": [
      () => text.replace("ö", "\u0000"),
      /checksum does not fit|cannot be read/,
    ],
    "with more behind it": [() => `${text}${text}`, /comes after its end/],
    "of another version": [
      () => text.replace('"format":1', '"format":2'),
      /format 2, and this version of Mosaic reads format 1/,
    ],
    "with a header that lacks something": [
      () => text.replace('"newestEvent"', '"newest"'),
      /first line does not say/,
    ],
    "of something else": [() => '{"mosaic":"control plane","format":1}\n', /no export of an installation/],
  };

  for (const [name, [make, why]] of Object.entries(CASES))
    it(`${name}: is refused before anything is written`, async () => {
      await writeFile(path("file"), make());
      for (const place of [servers.place, { home: path("new") }])
        expect(await whyNot(imported(place, path("file")))).toMatch(why);
      expect(await servers.valkey.run("dbsize")).toBe("0");
      expect(await tablesThere()).toBe("0");
      await expect(stat(path("new"))).rejects.toThrow("ENOENT");
    });

  it("is refused when it is not there", async () => {
    expect(await whyNot(imported(servers.place, path("nowhere")))).toContain("cannot be read (ENOENT)");
  });
});

describe("an installation that runs", () => {
  it("on one machine is neither read nor written", async () => {
    await fillInstallation(path("home"));
    const lock = lockDataFolder(path("home"));
    expect(await errorOf(exported({ home: path("home") }, path("file")))).toMatchObject({
      name: "FolderLockedError",
    });
    expect(await errorOf(imported({ home: path("home") }, file))).toMatchObject({
      name: "FolderLockedError",
    });
    lock.release();
  });

  it("on servers is not read while an orchestrator is alive", async () => {
    await imported(servers.place, file);
    await servers.withStore(async ({ instances }) => {
      const beat = {
        instanceId: "12345678-one",
        host: "h",
        pid: 1,
        home: "/",
        url: "http://h",
        version: "1",
      };
      await instances.beat({ ...beat, capacity: 1, running: 0, startedAt: "" }, 60_000);
      expect(await whyNot(exported(servers.place, path("file")))).toMatch(/are running: stop 12345678 on h/);
      await instances.remove("12345678-one");
      await exported(servers.place, path("file"));
    });
  });

  it("is not one where there is none", async () => {
    expect(await whyNot(exported({ home: path("none") }, path("file")))).toContain(
      "there is no installation",
    );
    expect(await whyNot(exported(servers.place, path("file")))).toContain("there is no installation");
    await expect(stat(path("none"))).rejects.toThrow("ENOENT");
  });
});

describe("a place that is not empty", () => {
  it("is left as it is: a data folder, or the log of one", async () => {
    await fillInstallation(path("home"));
    const before = await readFile(path("home/mosaic.db"));
    expect(await whyNot(imported({ home: path("home") }, file))).toContain(
      "has an installation already (mosaic.db)",
    );
    expect(await readFile(path("home/mosaic.db"))).toEqual(before);
    await rename(path("home/mosaic.db"), path("home/mosaic.db-wal"));
    expect(await whyNot(imported({ home: path("home") }, file))).toContain("(mosaic.db-wal)");
  });

  it("is left as it is: servers of an installation, or one of the two", async () => {
    await servers.withStore(async () => undefined);
    expect(await whyNot(imported(servers.place, file))).toMatch(
      /PostgreSQL at \S+ is not empty \(installation: 1 rows\)/,
    );
    const databaseUrl = await servers.postgres.createDatabase();
    expect(await whyNot(imported({ ...servers.place, databaseUrl }, file))).toMatch(
      /Valkey at \S+ is not empty/,
    );
    await servers.valkey.run("flushall");
    await servers.valkey.run("set", "orchestrator:task:t", "1");
    expect(await whyNot(imported({ ...servers.place, databaseUrl }, file))).toContain(
      "(orchestrator:task:t)",
    );
    expect(await servers.valkey.run("keys", "*")).toBe("orchestrator:task:t");
  });

  it("other programs' keys are no hindrance", async () => {
    await servers.valkey.run("set", "another:program", "1");
    await imported(servers.place, file);
    expect(await servers.valkey.run("get", "another:program")).toBe("1");
  });
});
