import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { admission, errorOf, notice, temporaryFolder, type TemporaryFolder } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewAuditEntry } from "../ledgers.ts";
import { CorruptRecordError } from "../store-error.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./open.ts";

describe("the SQLite store, when something else has written to its file", () => {
  let folder: TemporaryFolder;
  let file: string;
  let store: Store;

  beforeEach(async () => {
    folder = temporaryFolder();
    file = join(folder.path, "mosaic.db");
    store = await openSqliteStore({ file });
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  function tamper(sql: string): void {
    const db = new DatabaseSync(file);
    db.exec(sql);
    db.close();
  }

  it("names the row and the column that it cannot read, and reads the others", async () => {
    const [damaged, intact] = [admission({ taskId: "damaged" }), admission({ taskId: "intact" })];
    await store.state.admit(damaged);
    await store.state.admit(intact);
    const { agentId } = damaged.agent;
    await store.tokens.put({ name: "ci", scopes: ["read"], createdAt: "" }, "a");
    await store.state.append([notice(intact.agent, "x")]);
    tamper(`UPDATE tasks SET options = '{"timeout":' WHERE task_id = 'damaged';
      UPDATE agents SET state = 'resting' WHERE agent_id = '${agentId}';
      UPDATE events SET data = '[]' WHERE id = 5;
      UPDATE tokens SET scopes = 'admin'`);

    const reads = [
      [store.state.getTask("damaged"), "task damaged", "options"],
      [store.state.listTasks(["pending"]), "task damaged", "options"],
      [store.state.getAgent(agentId), `agent ${agentId}`, "state"],
      [store.state.listAgents({ limit: 10 }), `agent ${agentId}`, "state"],
      [store.state.eventsAfter({ after: 4, limit: 1 }), "event 5", "data"],
      [store.tokens.findByHash("a"), "token ci", "scopes"],
    ] as const;
    for (const [read, record, field] of reads) {
      const error = await errorOf(read);
      expect(error).toBeInstanceOf(CorruptRecordError);
      expect(error).toMatchObject({
        record,
        field,
        message: expect.stringContaining(`${record} is damaged`),
      });
    }
    expect(await store.state.getTask("intact")).toMatchObject({ state: "pending" });
    expect(await store.state.eventsAfter({ after: 0, limit: 4 })).toHaveLength(4);
  });

  it("refuses a list where an object belongs, and the other way round", async () => {
    await store.state.admit(admission({ taskId: "t1" }));
    tamper("UPDATE tasks SET work_items = '{}'");
    expect(await errorOf(store.state.getTask("t1"))).toMatchObject({ field: "workItems" });
    // A gate that is no text would be no gate.
    tamper("UPDATE tasks SET work_items = '[]', gates = '[7]'");
    expect(await errorOf(store.state.getTask("t1"))).toMatchObject({ field: "gates" });
    tamper("UPDATE tasks SET gates = '[]', options = 'null'");
    expect(await errorOf(store.state.getTask("t1"))).toMatchObject({ field: "options" });
  });

  it("refuses a file that is no database", async () => {
    const other = join(folder.path, "other.db");
    writeFileSync(other, "this is not a database, and long enough to be seen as such".repeat(100));
    const error = await errorOf(openSqliteStore({ file: other }));
    expect(error).toMatchObject({ name: "StoreUnavailableError", code: "damaged" });
  });

  describe("to its audit log", () => {
    const entry = (subject: string): NewAuditEntry => ({
      at: "2026-01-01T00:00:00.000Z",
      actor: "admin",
      action: "agent.kill",
      subject,
      reason: "asked to",
      data: { what: subject },
    });
    const unguard = "DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_deleted;";

    beforeEach(async () => {
      for (const subject of ["a1", "a2", "a3", "a4"]) await store.audit.append(entry(subject));
    });

    it("keeps SQL from changing or deleting an entry", () => {
      expect(() => tamper("UPDATE audit SET actor = 'nobody'")).toThrow(/append-only/);
      expect(() => tamper("DELETE FROM audit WHERE seq = 2")).toThrow(/append-only/);
    });

    it.each([
      ["a changed field", "UPDATE audit SET actor = 'nobody' WHERE seq = 2", 2],
      ["changed data", `UPDATE audit SET data = '{"what":"else"}' WHERE seq = 3`, 3],
      ["data that is no JSON", "UPDATE audit SET data = '{' WHERE seq = 3", 3],
      ["a changed hash", `UPDATE audit SET hash = '${"0".repeat(64)}' WHERE seq = 2`, 2],
      ["a missing entry", "DELETE FROM audit WHERE seq = 2", 3],
      ["a missing first entry", "DELETE FROM audit WHERE seq = 1", 2],
      ["entries cut off the end", "DELETE FROM audit WHERE seq > 2", 3],
      ["all entries gone", "DELETE FROM audit", 1],
      [
        "two entries exchanged",
        "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 9",
        2,
      ],
    ])("finds %s and names the first entry that does not fit", async (_, sql, seq) => {
      tamper(unguard + sql);
      expect(await store.audit.verify()).toEqual({ ok: false, seq });
    });

    it("finds a change in a log that is verified in several steps", async () => {
      await Promise.all(Array.from({ length: 1100 }, (_, index) => store.audit.append(entry(`b${index}`))));
      expect(await store.audit.verify()).toEqual({ ok: true, entries: 1104 });
      tamper(`${unguard} UPDATE audit SET reason = 'none' WHERE seq = 1050`);
      expect(await store.audit.verify()).toEqual({ ok: false, seq: 1050 });
    });
  });
});
