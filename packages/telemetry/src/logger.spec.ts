import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";

const SECRET = "hunter-two-hunter";

function recorder() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    name: "test",
    level: "debug",
    redact: (text) => text.replaceAll(SECRET, "[redacted:test]"),
    destination: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  return { logger, lines };
}

describe("createLogger", () => {
  it("writes one JSON line with level, time, name and fields", () => {
    const { logger, lines } = recorder();
    logger.info({ agentId: "a1" }, "agent is running");
    expect(lines).toEqual([
      { level: "info", time: expect.any(String), name: "test", agentId: "a1", msg: "agent is running" },
    ]);
  });

  it("keeps quiet below its level", () => {
    const { logger, lines } = recorder();
    logger.trace("too much");
    expect(lines).toEqual([]);
  });

  it.each([
    ["a message", (l: ReturnType<typeof recorder>["logger"]) => l.info(`got ${SECRET}`)],
    ["a message's arguments", (l) => l.info({ a: 1 }, "got %s and %o", SECRET, { deep: SECRET })],
    ["a nested field", (l) => l.warn({ request: { url: `/x?${SECRET}`, list: [SECRET] } }, "m")],
    ["an error as first argument", (l) => l.error(new Error(`failed with ${SECRET}`))],
    [
      "an error in a field, with its cause",
      (l) => {
        l.error({ err: new Error("outer", { cause: new Error(SECRET) }) }, "failed");
      },
    ],
    ["an error in a field without a message", (l) => l.error({ err: new Error(SECRET) })],
    ["bindings of a child", (l) => l.child({ remote: `https://${SECRET}@host` }).info("m")],
  ] as [string, (l: ReturnType<typeof recorder>["logger"]) => void][])("redacts %s", (_, write) => {
    const { logger, lines } = recorder();
    write(logger);
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    expect(JSON.stringify(lines)).toContain("[redacted:test]");
  });

  it("never writes what a header or field that carries a credential holds", () => {
    const { logger, lines } = recorder();
    logger.info(
      { headers: { Authorization: "Bearer abc", "x-api-key": ["abc"], accept: "json" }, token: "abc" },
      "m",
    );
    expect(lines[0]).toMatchObject({
      headers: { Authorization: "[redacted]", "x-api-key": "[redacted]", accept: "json" },
      token: "[redacted]",
    });
  });

  it("cuts endless and circular values instead of hanging", () => {
    const { logger, lines } = recorder();
    const circle: Record<string, unknown> = {
      many: Array.from({ length: 5000 }, (_, i) => i),
      bytes: Buffer.alloc(9),
    };
    circle["self"] = circle;
    logger.info({ circle }, "m");
    expect(JSON.stringify(lines)).toContain("[too deep]");
    expect(JSON.stringify(lines)).toContain("[9 bytes]");
    expect(JSON.stringify(lines).length).toBeLessThan(20_000);
  });

  it("keeps an error's type, message and stack", () => {
    const { logger, lines } = recorder();
    logger.error({ err: new TypeError("bad") }, "failed");
    expect(lines[0]).toMatchObject({
      err: { type: "TypeError", message: "bad", stack: expect.stringContaining("bad") },
    });
  });
});
