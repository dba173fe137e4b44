import { createScanner } from "@mosaic/secrets";
import { describe, expect, it } from "vitest";
import { createTripWire, type TripWireOptions } from "./trip-wire.ts";

const SALT = "a salt for the tests";
const AGENT = { agentId: "a", taskId: "t" };

function bench(changes: Partial<TripWireOptions> = {}) {
  const told: unknown[] = [];
  const errors: string[] = [];
  const keep = async (entry: unknown): Promise<never> => void told.push(entry) as never;
  let number = 0;
  const wire = createTripWire({
    state: { append: keep },
    audit: { append: keep },
    log: { error: ((_: unknown, message: string) => void errors.push(message)) as never },
    now: () => new Date(0),
    random: () => `random ${(number += 1)}`,
    salt: SALT,
    ...changes,
  });
  const orders: unknown[] = [];
  const connect = (kill: () => Promise<unknown> = async () => undefined): void =>
    wire.connect((agentId, order) => {
      orders.push([agentId, order]);
      return kill();
    });
  return { wire, told, orders, errors, connect };
}

describe("an agent's canary", () => {
  it("looks like a real key, and is another one for each agent", () => {
    const { wire } = bench();
    const [one, two] = [wire.arm(AGENT), wire.arm({ ...AGENT, agentId: "b" })];
    expect(one.value).not.toBe(two.value);
    expect(createScanner({ salt: SALT }).scanText(one.value)).toMatchObject([{ rule: "github-token" }]);
    expect(two.isIn(one.value)).toBe(false);
  });

  it.each([
    ["plain", (value: string) => `x ${value} y`],
    ["in JSON", (value: string) => JSON.stringify({ deep: [value] })],
    ["in base64", (value: string) => Buffer.from(`ab${value}cd`).toString("base64")],
    ["in hex", (value: string) => Buffer.from(value).toString("hex")],
  ])("trips the kill switch %s, once, and the value is told nowhere", (_, spell) => {
    const { wire, told, orders, connect } = bench();
    connect();
    const canary = wire.arm(AGENT);
    expect(canary.check("nothing", "transcript")).toBe(false);
    const text = spell(canary.value);
    expect([canary.check(text, "gateway"), canary.check(text, "transcript")]).toEqual([true, true]);
    expect(orders).toEqual([["a", { by: "system", why: expect.stringContaining("canary") }]]);
    expect(told).toHaveLength(2);
    expect(JSON.stringify([told, orders])).not.toContain(canary.value);
    expect(canary.redact(text)).not.toContain(spell(canary.value).slice(4, 40));
  });

  it("that cannot be told of, or whose agent cannot be killed, is an error in the log", async () => {
    const refuse = () => Promise.reject(new Error("no"));
    const { wire, errors, connect } = bench({ state: { append: refuse } });
    connect(refuse);
    wire.arm(AGENT).trip("diff");
    await new Promise((resolve) => void setImmediate(resolve));
    expect(errors.sort()).toEqual([
      "a canary could not be recorded",
      "an agent whose canary turned up could not be killed",
    ]);
  });

  it("is armed by nobody before there is a kill switch", () => {
    expect(() => bench().wire.arm(AGENT).trip("diff")).toThrow("not connected");
  });
});
