import { sandboxConformance } from "@mosaic/testing";
import { createNoneSandbox } from "./create.ts";

sandboxConformance("none", () => createNoneSandbox());
