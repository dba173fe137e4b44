import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { admission, temporaryFolder, type TemporaryFolder } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openSqliteStore } from "../open.ts";

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

it("gives tasks of before there was a choice of runtimes the one there was", async () => {
  const file = join(folder.path, "mosaic.db");
  const request = admission();
  const before = await openSqliteStore({ file });
  await before.state.admit(request);
  await before.close();
  const db = new DatabaseSync(file);
  db.exec("ALTER TABLE tasks DROP COLUMN runtime; DELETE FROM schema_versions WHERE version = 6");
  db.close();

  const store = await openSqliteStore({ file });
  expect(await store.state.getTask(request.task.taskId)).toMatchObject({ runtime: "sdk-worker" });
  await store.close();
});
