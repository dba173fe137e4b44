import type { TokenRecord, TokenStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf } from "../race.ts";

const token = (name: string, scopes: TokenRecord["scopes"] = ["read"]): TokenRecord => ({
  name,
  scopes,
  createdAt: "2026-01-01T00:00:00.000Z",
});
const hash = (letter: string) => letter.repeat(64);

/** What every token store must do. */
export function tokenStoreConformance(name: string, open: OpenEngine<TokenStore>): void {
  describe(`${name} as a token store`, () => {
    const engine = useEngine(open);

    it("finds a token by its hash only, over a restart, too", async () => {
      await engine.port.put(token("ci", ["read", "spawn"]), hash("a"));
      expect(await engine.port.findByHash(hash("a"))).toEqual(token("ci", ["read", "spawn"]));
      await engine.reopen();
      expect(await engine.port.findByHash(hash("a"))).toEqual(token("ci", ["read", "spawn"]));
      expect(await engine.port.findByHash(hash("b"))).toBeNull();
      expect(await engine.port.findByHash("ci")).toBeNull();
    });

    it("replaces a token of the same name: the former hash opens nothing any more", async () => {
      await engine.port.put(token("ci", ["admin"]), hash("a"));
      await engine.port.put(token("ci"), hash("b"));
      expect(await engine.port.findByHash(hash("a"))).toBeNull();
      expect(await engine.port.findByHash(hash("b"))).toEqual(token("ci"));
      expect(await engine.port.list()).toEqual([token("ci")]);
    });

    it("does not let two names share one hash", async () => {
      await engine.port.put(token("ci", ["admin"]), hash("a"));
      expect(await errorOf(engine.port.put(token("other"), hash("a")))).toBeInstanceOf(Error);
      expect(await engine.port.findByHash(hash("a"))).toEqual(token("ci", ["admin"]));
    });

    it("forgets a token that is removed", async () => {
      await engine.port.put(token("b"), hash("b"));
      await engine.port.put(token("a"), hash("a"));
      expect((await engine.port.list()).map((record) => record.name)).toEqual(["a", "b"]);
      expect(await engine.port.remove("a")).toBe(true);
      expect(await engine.port.remove("a")).toBe(false);
      expect(await engine.port.findByHash(hash("a"))).toBeNull();
      expect(await engine.port.list()).toEqual([token("b")]);
    });
  });
}
