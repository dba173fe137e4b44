import { afterAll, beforeAll, beforeEach } from "vitest";
import { startValkey, type ValkeyInTest, type ValkeyOptions } from "./valkey.ts";

/** A Valkey that runs while the tests of the surrounding `describe` do, and is empty at the start of each. */
export type ValkeyInUse = Omit<ValkeyInTest, "close">;

export function useValkey(options: ValkeyOptions = {}): ValkeyInUse {
  let started: ValkeyInTest | undefined;
  const server = (): ValkeyInTest => {
    if (started === undefined) throw new Error("Valkey runs only while tests do");
    return started;
  };
  beforeAll(async () => {
    started = await startValkey(options);
  });
  beforeEach(() => server().run("flushall"));
  afterAll(() => started?.close());
  return {
    get url() {
      return server().url;
    },
    get port() {
      return server().port;
    },
    get process() {
      return server().process;
    },
    restart: () => server().restart(),
    run: (...command) => server().run(...command),
  };
}
