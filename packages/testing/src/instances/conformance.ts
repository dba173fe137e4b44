import type { InstanceBeat, Instances } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";

const beatOf = (instanceId: string): InstanceBeat => ({
  instanceId,
  host: "host-1",
  pid: 4711,
  home: "/var/lib/mosaic",
  url: "http://127.0.0.1:3001",
  version: "0.1.0",
  capacity: 4,
  running: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
});

/** What a list of orchestrators must do, whatever it is kept in. */
export function instancesConformance(name: string, open: OpenEngine<Instances>): void {
  describe(`${name} as a list of instances`, () => {
    const engine = useEngine(open);
    const alive = async (): Promise<readonly string[]> =>
      (await engine.port.list()).filter((instance) => instance.alive).map(({ instanceId }) => instanceId);

    it("is empty at first", async () => {
      expect(await engine.port.list()).toEqual([]);
    });

    it("keeps what an instance said last, and when by its own clock", async () => {
      await engine.port.beat(beatOf("a"), 1000);
      engine.clock.advance(500);
      await engine.port.beat({ ...beatOf("a"), running: 3 }, 1000);
      const heartbeatAt = new Date(engine.clock.now()).toISOString();
      expect(await engine.port.list()).toEqual([{ ...beatOf("a"), running: 3, heartbeatAt, alive: true }]);
    });

    it("takes an instance for dead after its time, and goes on to name it until it is removed", async () => {
      await engine.port.beat(beatOf("b"), 2000);
      await engine.port.beat(beatOf("a"), 1000);
      expect(await alive()).toEqual(["a", "b"]);
      engine.clock.advance(999);
      expect(await alive()).toEqual(["a", "b"]);
      engine.clock.advance(1);
      expect(await alive()).toEqual(["b"]);
      expect((await engine.port.list()).map(({ instanceId }) => instanceId)).toEqual(["a", "b"]);
      await engine.port.beat(beatOf("a"), 1000);
      expect(await alive()).toEqual(["a", "b"]);
      await engine.port.remove("a");
      await engine.port.remove("a");
      expect((await engine.port.list()).map(({ instanceId }) => instanceId)).toEqual(["b"]);
    });
  });
}
