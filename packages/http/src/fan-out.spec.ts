import { describe, expect, it } from "vitest";
import { createFanOut } from "./fan-out.ts";
import type { StreamClient } from "./stream-client.ts";

interface Event {
  readonly id: number;
  readonly type: string;
  /** How often it was serialised. */
  toJSON(): unknown;
}

describe("createFanOut", () => {
  it("serialises an event once, and gives clients with one selection the same bytes", () => {
    let serialised = 0;
    const event: Event = {
      id: 1,
      type: "t",
      toJSON: () => {
        serialised += 1;
        return {};
      },
    };
    const fanOut = createFanOut<Event, { agent: string }>({ filter: () => true, coalesceMs: 60_000 });
    const received = new Map<string, Buffer>();
    const client = (name: string) =>
      ({ deliver: (_, shared) => received.set(name, shared), end: () => undefined }) as Partial<
        StreamClient<Event>
      > as StreamClient<Event>;
    fanOut.add(client("one"), { agent: "a" });
    fanOut.add(client("two"), { agent: "a" });
    fanOut.add(client("three"), { agent: "b" });
    fanOut.publish([event]);
    fanOut.publish([]);
    fanOut.endAll();
    expect(received.get("one")).toBe(received.get("two"));
    expect(received.get("one")).not.toBe(received.get("three"));
    expect(String(received.get("three"))).toBe("id: 1\nevent: t\ndata: {}\n\n");
    expect(serialised).toBe(1);
  });

  it("counts its clients, and tells only once that one has left", () => {
    const fanOut = createFanOut<Event, string>({ filter: () => true, coalesceMs: 1 });
    const leave = fanOut.add({} as StreamClient<Event>, "x");
    expect(fanOut.size).toBe(1);
    expect([leave(), leave()]).toEqual([true, false]);
    expect(fanOut.size).toBe(0);
  });
});
