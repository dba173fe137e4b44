import { createBubblewrapSandbox, createNoneSandbox } from "@mosaic/sandbox";
import { runtimeConformance } from "../conformance/runtime-conformance.ts";
import { scripted } from "./subject.ts";

runtimeConformance(scripted, createBubblewrapSandbox);
runtimeConformance(scripted, createNoneSandbox);
