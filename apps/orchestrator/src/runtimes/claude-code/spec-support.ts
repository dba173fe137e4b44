import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Runtime } from "../port.ts";
import { createClaudeCodeRuntime, type ClaudeCodeOptions } from "./create-claude-code-runtime.ts";

/** Where the set-up of this repository installs it: see scripts/with-setup.mjs. */
export const INSTALLED = fileURLToPath(new URL("../../../../../.runtimes/claude-code", import.meta.url));

type Choices = Omit<ClaudeCodeOptions, "nodePath" | "folders"> & { readonly folder?: string };

export function claudeCodeRuntime({ folder = INSTALLED, ...options }: Choices): Runtime {
  return createClaudeCodeRuntime({ nodePath: process.execPath, folders: [folder], ...options });
}

/** An installation in `folder` whose SDK is the real one or `sdk`, and whose Claude Code is `program`, for Node. */
export async function installInstead(folder: string, program: string, sdk?: string): Promise<void> {
  const scope = join(folder, "node_modules/@anthropic-ai");
  const binaries = join(scope, `claude-agent-sdk-${process.platform}-${process.arch}`);
  await mkdir(binaries, { recursive: true });
  const own = join(scope, "claude-agent-sdk");
  if (sdk === undefined) {
    await symlink(join(INSTALLED, "node_modules/@anthropic-ai/claude-agent-sdk"), own);
  } else {
    await mkdir(own);
    await writeFile(join(own, "package.json"), '{"version":"0.3.0"}');
    await writeFile(join(own, "sdk.mjs"), sdk);
  }
  await writeFile(join(binaries, "claude"), `#!/usr/bin/env node\n${program}`);
  await chmod(join(binaries, "claude"), 0o755);
}

/** A program that is ready as Claude Code is, and then does this when it is prompted. */
export function standIn(onPrompt: string, onStart = "ready(message)"): string {
  return `
const { createInterface } = require("node:readline");
const say = (message) => process.stdout.write(JSON.stringify(message) + "\\n");
const ready = ({ request_id }) =>
  say({ type: "control_response", response: { subtype: "success", request_id, response: { commands: [], models: [], account: {} } } });
createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.type === "control_request" && message.request.subtype === "initialize") { ${onStart}; }
  if (message.type === "user") { ${onPrompt}; }
});
`;
}
