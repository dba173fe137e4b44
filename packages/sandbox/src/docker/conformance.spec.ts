import { sandboxConformance, withEngines } from "@mosaic/testing";
import { createDockerSandbox } from "./create.ts";

await withEngines(({ name, socketPath }) => {
  sandboxConformance(name, () => createDockerSandbox({ name, socketPath }));
});
