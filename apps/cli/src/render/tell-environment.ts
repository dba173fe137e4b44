import type { EventType } from "@mosaic/contracts";
import type { Tellers } from "./event-entry.ts";
import { count } from "./units.ts";

/** Events on what an agent got around it, and on the way out that it asked for. */
export type Environment = Extract<EventType, `egress.${string}` | "workspace.environment">;

export const environmentTellers: Tellers<Environment> = {
  "workspace.environment": (data) => ({
    label: "workspace",
    tone: data.missingSkills.length === 0 ? "info" : "warn",
    text: [
      data.image === null ? "host tools" : `image ${data.image}`,
      `${data.memoryMb} MB`,
      ...named("skill", data.skills),
      ...(data.missingSkills.length === 0 ? [] : [`no skill called ${data.missingSkills.join(", ")}`]),
      ...named("MCP server", data.mcpServers),
      data.egress.length === 0 ? "no network" : `may reach ${data.egress.join(", ")}`,
    ].join("; "),
  }),
  "egress.decided": (data) => ({
    label: "network",
    tone: data.allowed ? "info" : "warn",
    text: `${data.target} ${data.allowed ? "allowed" : "refused"}: ${data.reason}${data.address === undefined ? "" : ` (${data.address})`}`,
  }),
  "egress.closed": (data) => ({
    label: "network",
    tone: data.refused === 0 ? "info" : "warn",
    text: `${count(data.allowed, "connection")} allowed, ${data.refused} refused${data.untold === 0 ? "" : `, ${data.untold} of them not listed one by one`}`,
  }),
};

const named = (what: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`${names.length === 1 ? what : `${what}s`} ${names.join(", ")}`];
