import { createDockerSandbox } from "@mosaic/sandbox";
import { withDockerEngine } from "@mosaic/testing";
import { scripted } from "./acp/subject.ts";
import { claudeCode } from "./claude-code/subject.ts";
import { command } from "./command/subject.ts";
import { runtimeConformance } from "./conformance/runtime-conformance.ts";
import { useSdkWorker } from "./sdk-worker/subject.ts";

await withDockerEngine(({ socketPath }) => {
  const sandbox = () => createDockerSandbox({ socketPath });
  runtimeConformance(useSdkWorker(), sandbox);
  runtimeConformance(claudeCode, sandbox);
  runtimeConformance(scripted, sandbox);
  runtimeConformance(command, sandbox);
});
