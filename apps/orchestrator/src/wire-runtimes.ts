import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Sandbox, type SandboxLimits, toolchainMounts } from "@mosaic/sandbox";
import type { SecretScanner } from "@mosaic/secrets";
import { type AcpOptions, createAcpRuntime } from "./runtimes/acp/create-acp-runtime.ts";
import { createClaudeCodeRuntime } from "./runtimes/claude-code/create-claude-code-runtime.ts";
import { createCommandRuntime } from "./runtimes/command/create-command-runtime.ts";
import { readRuntimesFile } from "./runtimes/configured/read-file.ts";
import type { Runtime } from "./runtimes/port.ts";
import { createSdkWorkerRuntime } from "./runtimes/sdk-worker/create-sdk-worker-runtime.ts";
import { createRuntimes, type Runtimes } from "./runtimes/registry.ts";
import type { OrchestratorOptions } from "./options.ts";

const MEBIBYTE = 1024 * 1024;

/** Every way to run agents. They get the tools of the person who started this, read-only. */
export async function wireRuntimes(
  { config, data, version }: OrchestratorOptions,
  { sandbox, scanner }: { readonly sandbox: Sandbox; readonly scanner: SecretScanner },
): Promise<Runtimes> {
  const nodePath = process.execPath;
  const shared = {
    sandbox,
    nodePath,
    toolchain: await toolchainMounts({ nodePath, path: config.hostPath, home: homedir() }),
    // A line holds one tool call or result, which the agent has cut to size; the rest is room for JSON's escapes.
    output: { lineBytes: 4 * MEBIBYTE, totalBytes: config.agentOutputMb * MEBIBYTE },
    limits: {
      memoryMb: config.sandboxMemoryMb,
      fileBytes: 512 * MEBIBYTE,
      openFiles: 4096,
      tmpBytes: 512 * MEBIBYTE,
      processes: config.sandboxProcesses,
      cpus: config.sandboxCpus,
    },
  };
  const sdkWorker = createSdkWorkerRuntime({
    ...shared,
    version,
    workerBundle: fileURLToPath(import.meta.resolve("@mosaic/worker/bundle")),
    maxTokens: config.maxOutputTokens,
  });
  const further = await furtherRuntimes(config.runtimesFile, scanner, shared);
  const installed = config.runtimesFolder ?? join(data.home, "runtimes");
  const claudeCode = createClaudeCodeRuntime({ ...shared, folders: [join(installed, "claude-code")] });
  return createRuntimes([sdkWorker, claudeCode, ...further], config.defaultRuntime);
}

type Shared = Pick<AcpOptions, "sandbox" | "nodePath" | "toolchain" | "output"> & {
  readonly limits: SandboxLimits;
};

/** Those of the owner's file. */
async function furtherRuntimes(
  file: string | undefined,
  scanner: SecretScanner,
  shared: Shared,
): Promise<readonly Runtime[]> {
  if (file === undefined) return [];
  const configured = await readRuntimesFile(file, (text) => scanner.scanText(text)[0]?.rule ?? null);
  return configured.map(([name, config]) => {
    const limits = { ...shared.limits, memoryMb: config.memoryMb ?? shared.limits.memoryMb };
    const options = { ...shared, limits, name };
    return config.kind === "acp"
      ? createAcpRuntime({ ...options, config })
      : createCommandRuntime({ ...options, config });
  });
}
