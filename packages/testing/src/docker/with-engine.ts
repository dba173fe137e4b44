import { afterAll, describe } from "vitest";
import { startDockerEngine, whyNoDockerEngine, type DockerEngineInTest } from "./engine.ts";

/**
 * Defines tests on a real Docker engine of this file's own, which ends with them. Where there can be none, and not on CI,
 * they are skipped, under a name that says what to install.
 */
export async function withDockerEngine(define: (engine: DockerEngineInTest) => void): Promise<void> {
  const missing = whyNoDockerEngine();
  const engine = missing === null ? await startDockerEngine() : ABSENT;
  describe.runIf(missing === null)(`on Docker (${missing ?? "an engine of its own"})`, () => {
    afterAll(async () => {
      await engine.close();
    });
    define(engine);
  });
}

const absent = (): Promise<never> => Promise.reject(new Error("there is no engine"));

/** For the names of tests that are not run. */
const ABSENT: DockerEngineInTest = {
  socketPath: "/nonexistent/docker.sock",
  get process(): never {
    throw new Error("there is no engine");
  },
  restart: absent,
  close: absent,
};
