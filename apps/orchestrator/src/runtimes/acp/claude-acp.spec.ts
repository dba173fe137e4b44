import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { vi } from "vitest";
import { certifiedAgent } from "./certified.ts";
import { runtimeConformance } from "../conformance/runtime-conformance.ts";

vi.setConfig({ testTimeout: 120_000 });

runtimeConformance(certifiedAgent("claude-acp", { asksMore: true }), createBubblewrapSandbox);
