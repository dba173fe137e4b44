import { sandboxConformance } from "@mosaic/testing";
import { createBubblewrapSandbox } from "./create.ts";

sandboxConformance("bubblewrap", () => createBubblewrapSandbox());
