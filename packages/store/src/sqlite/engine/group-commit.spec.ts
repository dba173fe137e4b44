import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGroupCommit } from "./group-commit.ts";
import type { createOperations, Request } from "./operations.ts";

describe("a group commit", () => {
  let db: DatabaseSync;
  let commit: (requests: readonly Request[]) => readonly { readonly ok: boolean }[];

  beforeEach(() => {
    db = new DatabaseSync(":memory:");
    db.exec(`CREATE TABLE parents (id INTEGER PRIMARY KEY);
      CREATE TABLE rows (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)`);
    const insert = db.prepare("INSERT INTO rows VALUES (?, ?)");
    const operations = {
      writes: {
        add: (id: number) => insert.run(id, null).lastInsertRowid,
        orphan: (id: number) => insert.run(id, 999).lastInsertRowid,
        addTwoAndThrow: (id: number) => {
          insert.run(id, null);
          insert.run(id + 1, null);
          throw new Error("changed its mind");
        },
        rollBackAll: () => {
          // What SQLite does by itself on some errors of the disk.
          db.exec("ROLLBACK");
          throw Object.assign(new Error("disk I/O error"), { errcode: 778 });
        },
        loseSync: () => {
          throw Object.assign(new Error("disk I/O error"), { errcode: 1034 });
        },
      },
      reads: { count: () => ids().length },
    };
    commit = createGroupCommit(db, operations as unknown as ReturnType<typeof createOperations>);
  });
  afterEach(() => {
    db.close();
  });

  const ids = () =>
    db
      .prepare("SELECT id FROM rows ORDER BY id")
      .all()
      .map(({ id }) => id);
  const request = (op: string, ...args: unknown[]) => ({ op, args }) as unknown as Request;
  const oks = (outcomes: readonly { readonly ok: boolean }[]) => outcomes.map(({ ok }) => ok);

  it("keeps the writes of the others when one request throws half-way", () => {
    const outcomes = commit([request("add", 1), request("addTwoAndThrow", 10), request("add", 2)]);
    expect(oks(outcomes)).toEqual([true, false, true]);
    expect(ids()).toEqual([1, 2]);
  });

  it("lets a read see what came before it", () => {
    const outcomes = commit([request("count"), request("add", 1), request("count")]);
    expect(outcomes).toMatchObject([{ value: 0 }, { value: 1 }, { value: 1 }]);
  });

  it("fails every request when the commit fails, those that had run included", () => {
    const outcomes = commit([request("add", 1), request("orphan", 2), request("count")]);
    expect(oks(outcomes)).toEqual([false, false, false]);
    expect(ids()).toEqual([]);
    expect(oks(commit([request("add", 3)]))).toEqual([true]);
    expect(ids()).toEqual([3]);
  });

  it("fails every request when SQLite has rolled the transaction back, and runs none outside of one", () => {
    const outcomes = commit([request("add", 1), request("rollBackAll"), request("add", 2)]);
    expect(outcomes).toMatchObject([
      { ok: false, fault: { code: "io" } },
      { ok: false, fault: { code: "io" } },
      { ok: false, fault: { code: "io" } },
    ]);
    expect(ids()).toEqual([]);
    expect(oks(commit([request("add", 3)]))).toEqual([true]);
  });

  it("serves nothing any more after a sync that failed: memory and disk may differ", () => {
    expect(oks(commit([request("add", 1), request("loseSync")]))).toEqual([false, false]);
    expect(commit([request("count")])).toMatchObject([{ ok: false, fault: { code: "io" } }]);
    expect(ids()).toEqual([]);
  });
});
