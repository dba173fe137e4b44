import { access, constants } from "node:fs/promises";
import { MODEL_RELAY } from "@mosaic/sandbox";
import { socketInside, TREE, type AgentProgram } from "../agent-sandbox.ts";
import type { RuntimeStatus, SessionRequest } from "../port.ts";
import type { ProgramConfig } from "./read-file.ts";

const RELAY = "/opt/mosaic/model-relay.mjs";
/** Agents ask for a key; the gateway takes none from them, since the socket says who they are. */
const PLACEHOLDER_KEY = "mosaic-gateway-placeholder";

interface ProgramRequest {
  readonly request: SessionRequest;
  /** The node binary inside. */
  readonly node: string;
  /** What stands for further words between double braces. */
  readonly words?: Readonly<Record<string, string>>;
  /** File inside that the program reads as its standard input; its own is our way to stop it then. */
  readonly stdin?: string;
}

/** A configured program behind the relay to the gateway, which is its only way to a model. */
export function configuredProgram(
  config: Pick<ProgramConfig, "command" | "env" | "folders">,
  { request, node, words = {}, stdin }: ProgramRequest,
): AgentProgram {
  const known: Readonly<Record<string, string>> = { model: request.model, tree: TREE, ...words };
  // `{{gateway}}` is left: only the relay knows its port.
  const fill = (text: string): string =>
    text.replaceAll(/\{\{([a-z_]+)\}\}/g, (all, word: string) => known[word] ?? all);
  const socket = socketInside(request);
  const how = [`--socket=${socket}`, ...(stdin === undefined ? [] : [`--stdin=${stdin}`])];
  return {
    command: [node, RELAY, ...how, "--", ...config.command.map(fill)],
    mounts: [
      { source: MODEL_RELAY, target: RELAY, writable: false },
      ...config.folders.map(({ from, to }) => ({ source: from, target: to, writable: false })),
    ],
    env: {
      ANTHROPIC_BASE_URL: "{{gateway}}",
      ANTHROPIC_API_KEY: PLACEHOLDER_KEY,
      MOSAIC_MODEL: request.model,
      ...Object.fromEntries(Object.entries(config.env).map(([name, value]) => [name, fill(value)])),
    },
  };
}

/** Whether the folders and the program of a configured runtime are there. */
export async function configuredStatus({
  command: [program],
  folders,
  version,
  install = "install it, or correct MOSAIC_RUNTIMES_FILE",
}: Pick<ProgramConfig, "command" | "folders" | "version" | "install">): Promise<RuntimeStatus> {
  const remedy = install;
  for (const { from } of folders) {
    if (!(await can(from, constants.R_OK)))
      return { installed: false, problem: `there is no folder ${from} that can be read`, remedy };
  }
  const holder = folders.find(({ to }) => program.startsWith(`${to}/`));
  // What is in no folder of its own is looked for inside, in the tools of the host or an image.
  if (holder === undefined) return { installed: true, version };
  const file = holder.from + program.slice(holder.to.length);
  if (!(await can(file, constants.X_OK)))
    return { installed: false, problem: `there is no program ${file} that can be run`, remedy };
  return { installed: true, version };
}

async function can(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    // Missing and unreadable come to the same.
    return false;
  }
}
