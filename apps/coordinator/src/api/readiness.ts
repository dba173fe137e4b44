import type { DependencyHealth } from "@mosaic/contracts";
import { type Git, gitVersion } from "@mosaic/git";
import type { Sandbox } from "@mosaic/sandbox";
import { freeBytes } from "../execution/disk-guard.ts";

/** Less than this is worth telling people before gates begin to be stopped. */
const SCARCE_BYTES = 2 * 1024 ** 3;

type Check = () => Promise<DependencyHealth>;

/** What the quality plane needs to do its work: a sandbox that runs, git, room on the disk. */
export function readinessChecks(
  deps: { readonly sandbox: Sandbox | null; readonly sandboxDetail: string; readonly git: Git },
  dataDir: string,
): Readonly<Record<"sandbox" | "git" | "disk", Check>> {
  return {
    async sandbox() {
      if (deps.sandbox === null) return { ok: false, detail: deps.sandboxDetail };
      const { ok, detail } = await deps.sandbox.probe();
      return { ok, detail, ...(deps.sandbox.isolates ? {} : { warning: true }) };
    },
    async git() {
      const { ok, detail } = await gitVersion(deps.git);
      return { ok, detail };
    },
    async disk() {
      const free = await freeBytes(dataDir);
      const detail = `${Math.floor(free / 1024 ** 2)} MiB free in ${dataDir}`;
      return { ok: free > 0, detail, ...(free < SCARCE_BYTES ? { warning: true } : {}) };
    },
  };
}
