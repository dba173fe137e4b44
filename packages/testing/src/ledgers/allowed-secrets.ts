import type { AllowedSecret, AllowedSecrets } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";

const allowed = (fingerprint: string, reason: string, second = 1): AllowedSecret => ({
  fingerprint,
  reason,
  allowedBy: "admin",
  allowedAt: `2026-01-01T00:00:0${second}.000Z`,
});

/** What every list of findings that people have let pass must do. */
export function allowedSecretsConformance(name: string, open: OpenEngine<AllowedSecrets>): void {
  describe(`${name} as the findings that people let pass`, () => {
    const engine = useEngine(open);

    it("keeps them over a restart, oldest first, each fingerprint once", async () => {
      await engine.port.put(allowed("b", "first", 1));
      await engine.port.put(allowed("a", "second", 2));
      await engine.port.put(allowed("b", "again", 3));
      await engine.reopen();
      expect(await engine.port.list()).toEqual([allowed("a", "second", 2), allowed("b", "again", 3)]);
    });

    it("takes one back, once", async () => {
      await engine.port.put(allowed("a", "why"));
      expect(await engine.port.remove("a")).toBe(true);
      expect(await engine.port.remove("a")).toBe(false);
      expect(await engine.port.list()).toEqual([]);
    });

    it("sorts those of one moment by their bytes, whatever the language of the engine", async () => {
      for (const fingerprint of ["ä", "a", "Z", "z", "B"]) await engine.port.put(allowed(fingerprint, "why"));
      expect((await engine.port.list()).map(({ fingerprint }) => fingerprint)).toEqual([
        "B",
        "Z",
        "a",
        "z",
        "ä",
      ]);
    });
  });
}
