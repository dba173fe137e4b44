import { afterAll, describe } from "vitest";
import { startPodmanEngine, whyNoPodmanEngine } from "../podman/engine.ts";
import { startDockerEngine, whyNoDockerEngine, type EngineInTest } from "./engine.ts";

type Define = (engine: EngineInTest) => void;

/** A kind of engine: how it is called, why there is none, and how one is started. */
interface Kind {
  readonly title: string;
  readonly why: () => string | null;
  readonly start: () => Promise<EngineInTest>;
}

const DOCKER: Kind = { title: "Docker", why: whyNoDockerEngine, start: startDockerEngine };
const PODMAN: Kind = { title: "Podman", why: whyNoPodmanEngine, start: startPodmanEngine };

/**
 * Defines tests on a real Docker engine of this file's own, which ends with them. Where there can be none, and not on CI,
 * they are skipped, under a name that says what to install.
 */
export async function withDockerEngine(define: Define): Promise<void> {
  await withEngine(DOCKER, define);
}

/** Defines the same tests on a Docker and on a Podman engine of this file's own. */
export async function withEngines(define: Define): Promise<void> {
  await withEngine(DOCKER, define);
  await withEngine(PODMAN, define);
}

/** Defines tests on a Podman engine of this file's own. */
export async function withPodmanEngine(define: Define): Promise<void> {
  await withEngine(PODMAN, define);
}

async function withEngine({ title, why, start }: Kind, define: Define): Promise<void> {
  const missing = why();
  const engine = missing === null ? await start() : ABSENT;
  describe.runIf(missing === null)(`on ${title} (${missing ?? "an engine of its own"})`, () => {
    afterAll(async () => {
      await engine.close();
    });
    define(engine);
  });
}

const absent = (): Promise<never> => Promise.reject(new Error("there is no engine"));

/** For the names of tests that are not run. */
const ABSENT: EngineInTest = {
  name: "docker",
  socketPath: "/nonexistent/engine.sock",
  get process(): never {
    throw new Error("there is no engine");
  },
  restart: absent,
  close: absent,
};
