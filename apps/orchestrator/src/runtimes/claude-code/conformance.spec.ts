import { createBubblewrapSandbox, createNoneSandbox } from "@mosaic/sandbox";
import { runtimeConformance } from "../conformance/runtime-conformance.ts";
import { claudeCode } from "./subject.ts";

runtimeConformance(claudeCode, createBubblewrapSandbox);
runtimeConformance(claudeCode, createNoneSandbox);
