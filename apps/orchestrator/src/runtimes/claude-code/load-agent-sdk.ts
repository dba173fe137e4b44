import { pathToFileURL } from "node:url";
import { AttemptFailure } from "@mosaic/domain";
import type { AgentSdk } from "./agent-sdk.ts";
import { findAgentSdk } from "./find-agent-sdk.ts";

/** How to get what is missing. */
export const REMEDY = "run: mosaic runtime install claude-code";

/**
 * Loads the SDK that is installed now.
 * @returns it, and the host path of its Claude Code
 * @throws AttemptFailure `runtime` when it is not installed, or not what it should be
 */
export async function loadAgentSdk(folders: readonly string[]): Promise<{ sdk: AgentSdk; binary: string }> {
  const search = await findAgentSdk({ folders });
  if (!search.found) throw unusable(`${search.problem}; ${REMEDY}`);
  const { module, binary, version } = search.sdk;
  const url = pathToFileURL(module);
  // Modules are loaded once, by their address: another version that is installed here meanwhile is another one.
  url.search = version;
  const sdk: unknown = await import(url.href).catch((cause: unknown) => {
    throw unusable(`${module} cannot be loaded: ${String(cause)}`, cause);
  });
  if (!isAgentSdk(sdk)) throw unusable(`${module} has no query(); ${REMEDY}`);
  return { sdk, binary };
}

export function unusable(why: string, cause?: unknown): AttemptFailure {
  return new AttemptFailure("runtime", `claude-code: ${why}`, { cause });
}

function isAgentSdk(module: unknown): module is AgentSdk {
  return (
    typeof module === "object" && module !== null && "query" in module && typeof module.query === "function"
  );
}
