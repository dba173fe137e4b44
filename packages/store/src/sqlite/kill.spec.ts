import { existsSync, watch } from "node:fs";
import { join } from "node:path";
import { expectKept, startStorm, temporaryFolder, type TemporaryFolder } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

describe("the SQLite store, when its process is killed in the middle of writing", () => {
  let folder: TemporaryFolder;

  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => {
    folder.remove();
  });

  it("has kept every write that was answered, round after round on the same file", async () => {
    const file = join(folder.path, "mosaic.db");
    const promises: string[] = [];
    for (const enough of [50, 400, 1000]) {
      const storm = startStorm(file);
      await storm.until(enough);
      const made = await storm.kill();
      expect(made.length).toBeGreaterThanOrEqual(enough);
      promises.push(...made);
      await expectKept(file, promises);
    }
  });

  it("can be opened when it was killed while it was being created, at whatever file came to be", async () => {
    for (const created of ["mosaic.db", "mosaic.db-journal", "mosaic.db-wal", "mosaic.db-shm"]) {
      const home = temporaryFolder();
      const file = join(home.path, "mosaic.db");
      const appeared = Promise.withResolvers<void>();
      const watcher = watch(home.path, (_, name) => {
        if (name === created) appeared.resolve();
      });
      const storm = startStorm(file);
      // Some files come only on some systems; that the store is open comes always.
      await Promise.race([appeared.promise, storm.until(1)]);
      const made = await storm.kill();
      watcher.close();
      expect(existsSync(file)).toBe(true);
      await expectKept(file, made);
      home.remove();
    }
  });
});
