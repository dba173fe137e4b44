import { afterEach, beforeEach } from "vitest";
import { createFakeClock, type FakeClock } from "./clock.ts";

/** What an engine gives to a conformance suite: a fresh, empty store, and the ways to leave it. */
export interface OpenedEngine<T> {
  readonly port: T;
  /** What a restart sees: lets go of everything that is only in memory, opens the same data again. */
  reopen(): Promise<T>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** Opens an engine whose time is `clock`. What its listeners throw must not end the process. */
export type OpenEngine<T> = (clock: FakeClock) => Promise<OpenedEngine<T>>;

/** The engine of the running test. */
export interface EngineInTest<T> {
  readonly port: T;
  readonly clock: FakeClock;
  /** `port` is the reopened one afterwards. */
  reopen(): Promise<void>;
}

/** A fresh engine for each test of the surrounding `describe`. */
export function useEngine<T>(open: OpenEngine<T>): EngineInTest<T> {
  let clock = createFakeClock();
  let opened: OpenedEngine<T> | undefined;
  let port: T | undefined;

  beforeEach(async () => {
    clock = createFakeClock();
    opened = await open(clock);
    port = opened.port;
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });

  return {
    get port(): T {
      if (port === undefined) throw new Error("the engine is open only while a test runs");
      return port;
    },
    get clock(): FakeClock {
      return clock;
    },
    async reopen() {
      port = await opened?.reopen();
    },
  };
}
