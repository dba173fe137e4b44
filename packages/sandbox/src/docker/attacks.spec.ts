import { sandboxAttacks, withEngines } from "@mosaic/testing";
import { createDockerSandbox } from "./create.ts";

await withEngines(({ name, socketPath }) => {
  sandboxAttacks(name, () => createDockerSandbox({ name, socketPath }));
});
