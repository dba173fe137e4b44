import { sandboxAttacks } from "@mosaic/testing";
import { createBubblewrapSandbox } from "./create.ts";

sandboxAttacks("bubblewrap", () => createBubblewrapSandbox());
sandboxAttacks("bubblewrap without control groups", () => createBubblewrapSandbox({ cgroupRoot: null }));
