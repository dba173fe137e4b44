import { fakeSecret } from "@mosaic/replay";
import { createScanner } from "@mosaic/secrets";
import type { AuditLog, StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { redactDeep, redactingAudit, redactingState } from "./redact-records.ts";

const SECRET = fakeSecret("anthropic-key");
const scanner = createScanner({ salt: "a salt for the tests" });
const redact = (text: string): string => scanner.redact(text);
const HIDDEN = "[redacted:anthropic-key]";

describe("a value that is written down", () => {
  it("is without secrets wherever they are in it, in names of fields, too", () => {
    const value = { a: [`x ${SECRET}`, { [SECRET]: 1 }], b: null, c: 2, d: true };
    expect(redactDeep(value, redact)).toEqual({
      a: [`x ${HIDDEN}`, { [HIDDEN]: 1 }],
      b: null,
      c: 2,
      d: true,
    });
  });

  it("is without values that only their name tells to be secret", () => {
    const value = {
      password: "Tr0ub4dor&3",
      path: "Tr0ub4dor&3",
      tokenCount: "12",
      secretName: "db-credentials",
    };
    expect(redactDeep(value, redact)).toEqual({ ...value, password: "[redacted:generic-assignment]" });
  });
});

describe("the store behind redaction", () => {
  it("gets no secret in events, errors, details, work items and the audit log", async () => {
    const written: unknown[] = [];
    const keep = async (...args: unknown[]): Promise<never> => void written.push(args) as never;
    const store = { admit: keep, transition: keep, patchAgent: keep, append: keep } as unknown as StateStore;
    const state = redactingState(store, redact);
    const at = "2026-01-01T00:00:00.000Z";
    const event = {
      type: "agent.failed",
      time: at,
      subject: "a",
      data: { reason: "internal", error: SECRET },
    } as const;
    await state.append([event]);
    await state.patchAgent("a", { error: SECRET, details: { deep: [SECRET] } }, at, [event]);
    await state.transition({
      at,
      agent: { agentId: "a", to: "failed", patch: { error: SECRET } },
      events: [event],
    });
    await state.admit({ task: { workItems: [SECRET] } } as never);
    const audit = redactingAudit({ append: keep } as unknown as AuditLog, redact);
    await audit.append({ at, actor: "a", action: "x", subject: "a", reason: SECRET, data: { why: SECRET } });
    expect(written).toHaveLength(5);
    expect(JSON.stringify(written)).not.toContain(SECRET);
    expect(JSON.stringify(written).split(HIDDEN)).toHaveLength(10);
  });
});
