import { sandboxAttacks, startDockerEngine, whyNoDockerEngine } from "@mosaic/testing";
import { afterAll, describe } from "vitest";
import { createDockerSandbox } from "./create.ts";

const engine = whyNoDockerEngine() === null ? await startDockerEngine() : null;

describe.runIf(engine !== null)("an engine", () => {
  afterAll(async () => {
    await engine?.close();
  });
  sandboxAttacks("docker", () => createDockerSandbox({ socketPath: engine?.socketPath ?? "" }));
});
