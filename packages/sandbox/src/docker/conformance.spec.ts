import { sandboxConformance, withDockerEngine } from "@mosaic/testing";
import { createDockerSandbox } from "./create.ts";

await withDockerEngine(({ socketPath }) => {
  sandboxConformance("docker", () => createDockerSandbox({ socketPath }));
});
