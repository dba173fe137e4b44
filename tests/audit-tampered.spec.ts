import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scenario, startSystem } from "./system.ts";

it("the audit log names the first entry that was changed behind its back", async () => {
  const system = await startSystem(scenario("waits"));
  try {
    for (const _ of [1, 2]) {
      await system.client.call("pauseQueue");
      await system.client.call("resumeQueue");
    }
    const { items } = await system.client.call("listAudit", { query: { limit: 3 } });
    expect(items.map(({ action }) => action)).toContain("token.create");
    const rest = await system.client.call("listAudit", { query: { after: items.at(-1)?.seq ?? 0 } });
    expect(rest.items.map(({ action }) => action)).toEqual(["queue.paused", "queue.resumed"]);
    expect(await system.client.call("verifyAudit")).toEqual({ ok: true, entries: 5, brokenAt: null });
    const db = new DatabaseSync(join(system.home, "mosaic.db"));
    const triggers = db.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
    );
    for (const { name } of triggers.all()) db.exec(`DROP TRIGGER ${String(name)}`);
    db.exec("UPDATE audit SET actor = 'nobody' WHERE seq = 3");
    db.close();
    expect(await system.client.call("verifyAudit")).toEqual({ ok: false, entries: null, brokenAt: 3 });
  } finally {
    await system.close();
  }
});
