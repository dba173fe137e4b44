import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { vi } from "vitest";
import { certifiedAgent } from "./certified.ts";
import { runtimeConformance } from "../conformance/runtime-conformance.ts";

// It takes 2.5 seconds of processor time to start: half a minute where many want the processor.
vi.setConfig({ testTimeout: 240_000 });

runtimeConformance(certifiedAgent("opencode"), createBubblewrapSandbox);
