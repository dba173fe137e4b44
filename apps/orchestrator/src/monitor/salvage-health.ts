import type { DependencyHealth } from "@mosaic/contracts";
import type { Services } from "../services.ts";

/** From here on a person should look, in parts of the limit. */
const NEARLY_FULL = 0.9;

/** How much work can be restored, how much disk that takes, and the limits. */
export async function salvageHealth({
  workspaces,
  settings,
}: Pick<Services, "workspaces" | "settings">): Promise<DependencyHealth> {
  const { agents, bytes } = await workspaces.salvages.usage();
  const { salvageMaxBytes, salvageMaxAgeDays } = settings;
  const full = bytes > salvageMaxBytes * NEARLY_FULL;
  return {
    ok: true,
    detail: `${agents === 1 ? "1 agent's" : `${agents} agents'`} work can be restored, ${sizeOf(bytes)} of ${sizeOf(salvageMaxBytes)}, kept ${salvageMaxAgeDays} days`,
    ...(full ? { warning: true } : {}),
  };
}

function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"] as const;
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? "B"}`;
}
