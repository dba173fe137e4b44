import type { DependencyHealth } from "@mosaic/contracts";
import { type Git, gitVersion } from "@mosaic/git";
import type { SandboxChoice } from "@mosaic/sandbox";
import type { Store } from "@mosaic/store";
import type { Services } from "../services.ts";
import { dataFolderHealth } from "./data-folder.ts";
import { salvageHealth } from "./salvage-health.ts";

/** What readiness is made of: each check tells whether its part works, and in words what it found. */
export function healthChecks(
  services: Services,
  parts: { readonly choice: SandboxChoice; readonly store: Store; readonly git: Git },
): Readonly<Record<string, () => Promise<DependencyHealth>>> {
  const { gateway, gates } = services;
  return {
    store: () => parts.store.check(),
    data: () => dataFolderHealth(services.settings.home),
    coordinator: () => gates.health(),
    sandbox: async () => sandboxHealth(parts.choice),
    git: async () => {
      const { ok, detail } = await gitVersion(parts.git);
      return { ok, detail };
    },
    model: async () => {
      const { ok, detail, warning = false } = await gateway.check();
      if (ok && gateway.scripted) return { ok, detail: noRealModel(gateway.upstream), warning: true };
      return { ok, detail, ...(gateway.scripted || warning ? { warning: true } : {}) };
    },
    salvage: () => salvageHealth(services),
  };
}

function sandboxHealth(choice: SandboxChoice): DependencyHealth {
  if (!choice.ok) return { ok: false, detail: `${choice.problem}; ${choice.remedy}` };
  if (choice.warning === undefined) return { ok: true, detail: choice.detail };
  return { ok: true, detail: choice.warning, warning: true };
}

/** The same words wherever it is told, so that whoever reads both can leave one out. */
const noRealModel = (upstream: string): string => `No real model: answers come from the ${upstream}`;

/** One sentence for each thing that is not as safe or as real as it could be. */
export function warningsOf(services: Services): readonly string[] {
  const { settings, sandbox, gateway } = services;
  return [
    sandbox.isolates
      ? ""
      : "Sandbox off: agents and gates run unprotected on this host (SANDBOX_ENABLED=false)",
    settings.yolo ? "Quality gates disabled (YOLO_MODE=true): work is pushed without being checked" : "",
    gateway.scripted ? noRealModel(gateway.upstream) : "",
  ].filter((warning) => warning !== "");
}
