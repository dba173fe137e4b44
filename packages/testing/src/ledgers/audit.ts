import { auditHash, CHAIN_START, type AuditLog, type NewAuditEntry } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { race } from "../race.ts";

const entry = (subject: string, data: unknown = null): NewAuditEntry => ({
  at: "2026-01-01T00:00:00.000Z",
  actor: "admin",
  action: "agent.kill",
  subject,
  reason: "asked to",
  data,
});

/** What every audit log must do. Tampering needs a way past the log, so each engine's own tests show that it is found. */
export function auditLogConformance(name: string, open: OpenEngine<AuditLog>): void {
  describe(`${name} as an audit log`, () => {
    const engine = useEngine(open);

    it("chains each entry to the one before it, over a restart, too", async () => {
      const first = await engine.port.append(entry("a1", { b: [1, { d: 1, c: 2 }], a: "x" }));
      await engine.reopen();
      const second = await engine.port.append(entry("a2"));

      expect(first).toMatchObject({ ...entry("a1", { a: "x", b: [1, { c: 2, d: 1 }] }), seq: 1 });
      expect(first.previousHash).toBe(CHAIN_START);
      expect(second).toMatchObject({ seq: 2, previousHash: first.hash });
      expect(second.hash).toBe(auditHash(first.hash, 2, entry("a2")));
      expect(await engine.port.list(0, 10)).toEqual([first, second]);
      expect(await engine.port.verify()).toEqual({ ok: true, entries: 2 });
    });

    it("is in order when it is empty", async () => {
      expect(await engine.port.verify()).toEqual({ ok: true, entries: 0 });
      expect(await engine.port.list(0, 10)).toEqual([]);
    });

    it("keeps one chain when fifty append at once", async () => {
      const { lost } = await race(50, (index) => engine.port.append(entry(`a${index}`, { index })));
      expect(lost).toEqual([]);
      expect(await engine.port.verify()).toEqual({ ok: true, entries: 50 });
      const entries = await engine.port.list(0, 100);
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    });

    it("is listed oldest first, from any place", async () => {
      for (const subject of ["a1", "a2", "a3", "a4"]) await engine.port.append(entry(subject));
      const subjects = async (after: number, limit: number) =>
        (await engine.port.list(after, limit)).map(({ subject }) => subject);
      expect(await subjects(0, 2)).toEqual(["a1", "a2"]);
      expect(await subjects(2, 9)).toEqual(["a3", "a4"]);
    });

    it("takes any data that JSON can hold, and reads undefined as null", async () => {
      const data = { text: 'quotes " and \u{1F642}', n: 1.5, big: 2 ** 53 - 1, no: null, gone: undefined };
      const { gone: _, ...kept } = data;
      expect((await engine.port.append(entry("a1", data))).data).toEqual(kept);
      expect((await engine.port.append(entry("a2", undefined))).data).toBeNull();
      expect((await engine.port.append(entry("a3", "plain"))).data).toBe("plain");
      expect((await engine.port.list(0, 10))[0]?.data).toEqual(kept);
      expect(await engine.port.verify()).toEqual({ ok: true, entries: 3 });
    });

    it("verifies whatever text it was given, and returns what it keeps", async () => {
      const half = "\ud83d, half of a pair";
      const odd = {
        ...entry("with \0 inside", { half, "\0": "\0" }),
        actor: half,
        reason: "caf\u00e9 \u2028",
      };
      const kept = await engine.port.append(odd);
      await engine.port.append(entry("a2"));
      await engine.reopen();
      expect((await engine.port.list(0, 1))[0]).toEqual(kept);
      expect(kept.data).toEqual(odd.data);
      expect(await engine.port.verify()).toEqual({ ok: true, entries: 2 });
    });
  });
}
