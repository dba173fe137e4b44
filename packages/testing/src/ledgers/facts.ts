import type { InstallationFacts } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { race } from "../race.ts";

/** What every keeper of an installation's facts must do. */
export function installationFactsConformance(name: string, open: OpenEngine<InstallationFacts>): void {
  describe(`${name} as the facts of an installation`, () => {
    const engine = useEngine(open);

    it("keeps the first value over a restart, and tells everyone the same", async () => {
      expect(await engine.port.get("salt")).toBeNull();
      expect(await engine.port.setIfAbsent("salt", "one")).toBe("one");
      expect(await engine.port.setIfAbsent("salt", "two")).toBe("one");
      await engine.reopen();
      expect(await engine.port.get("salt")).toBe("one");
      expect(await engine.port.get("other")).toBeNull();
    });

    it("has one winner when fifty set it at once", async () => {
      const { won, lost } = await race(50, (index) => engine.port.setIfAbsent("epoch", String(index)));
      expect(lost).toEqual([]);
      expect(new Set(won).size).toBe(1);
      expect(await engine.port.get("epoch")).toBe(won[0]);
    });

    it("replaces a value, or adds it", async () => {
      await engine.port.replace("epoch", "one");
      await engine.port.replace("epoch", "two");
      expect(await engine.port.get("epoch")).toBe("two");
    });
  });
}
