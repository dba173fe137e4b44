import { createBubblewrapSandbox, createNoneSandbox } from "@mosaic/sandbox";
import { runtimeConformance } from "../conformance/runtime-conformance.ts";
import { useSdkWorker } from "./subject.ts";

const sdkWorker = useSdkWorker();
runtimeConformance(sdkWorker, createBubblewrapSandbox);
runtimeConformance(sdkWorker, createNoneSandbox);
