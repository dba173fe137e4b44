import { DEFAULT_URL } from "../connect/connection.ts";
import { pairLines } from "../render/table.ts";
import { noPaint } from "../terminal/paint.ts";
import type { Planes } from "./planes.ts";

/** What `mosaic up` says when the planes serve. */
export function upLines(
  planes: Planes,
  facts: { readonly version: string; readonly logFile: string; readonly defaultHome: string },
): string[] {
  const token =
    planes.tokenFile === null
      ? "the one of MOSAIC_ADMIN_TOKEN; give it to the client as MOSAIC_TOKEN"
      : `${planes.tokenFile} (the client finds it by itself)`;
  const pairs = [
    ["data", planes.home],
    ["orchestrator", planes.orchestrator.url],
    ["coordinator", planes.coordinator.url],
    ["api", planes.api.url],
    ["token", token],
    ["model", planes.model],
    ["log", facts.logFile],
  ] as const;
  const settings = [
    ...(planes.home === facts.defaultHome ? [] : [`MOSAIC_HOME=${planes.home}`]),
    ...(planes.orchestrator.url === DEFAULT_URL ? [] : [`MOSAIC_URL=${planes.orchestrator.url}`]),
  ];
  return [
    `Mosaic ${facts.version} is up.`,
    ...pairLines(pairs, { paint: noPaint }).map((line) => `  ${line}`),
    "",
    "From a second terminal:",
    ...settings.map((setting) => `  export ${setting}`),
    '  npx mosaic run --repo <url or path> --branch main "Fix the failing test" --follow',
    "",
    "Ctrl-C stops it gracefully; a second one at once.",
  ];
}
