import { createBubblewrapSandbox, createNoneSandbox } from "@mosaic/sandbox";
import { runtimeConformance } from "../conformance/runtime-conformance.ts";
import { command } from "./subject.ts";

runtimeConformance(command, createBubblewrapSandbox);
runtimeConformance(command, createNoneSandbox);
