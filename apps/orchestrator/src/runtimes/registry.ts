import type { ProblemCode } from "@mosaic/contracts";
import type { Runtime } from "./port.ts";

/** The ways to run agents that this orchestrator was given, installed or not. */
export interface Runtimes {
  /** Taken when a task names none. */
  readonly defaultName: string;
  get(name: string): Runtime | null;
  /** In the order in which they were given. */
  list(): readonly Runtime[];
}

/** @throws Error when two have one name, or the default is none of them: the configuration is wrong */
export function createRuntimes(all: readonly Runtime[], defaultName: string): Runtimes {
  const byName = new Map(all.map((runtime) => [runtime.name, runtime]));
  const twice = all.find((runtime) => byName.get(runtime.name) !== runtime);
  if (twice !== undefined) throw new Error(`two runtimes have the name '${twice.name}'; rename one of them`);
  if (!byName.has(defaultName)) {
    throw new Error(
      `MOSAIC_DEFAULT_RUNTIME: there is no runtime '${defaultName}'; there are ${namesOf(all)} (MOSAIC_RUNTIMES_FILE adds others)`,
    );
  }
  return { defaultName, get: (name) => byName.get(name) ?? null, list: () => all };
}

export type FoundRuntime =
  | { readonly ok: true; readonly runtime: Runtime }
  | {
      readonly ok: false;
      readonly code: ProblemCode & `runtime_${string}`;
      readonly message: string;
    };

/** The runtime of this name, if agents can be started with it now; else why not, and what to do. */
export async function findRuntime(runtimes: Runtimes, name: string): Promise<FoundRuntime> {
  const runtime = runtimes.get(name);
  if (runtime === null) {
    const message = `there is no runtime '${name}' here; there are ${namesOf(runtimes.list())}`;
    return { ok: false, code: "runtime_unknown", message };
  }
  const status = await runtime.status();
  if (status.installed) return { ok: true, runtime };
  const message = `runtime '${name}' cannot be used: ${status.problem}; ${status.remedy}`;
  return { ok: false, code: "runtime_unavailable", message };
}

/** What people should know at the start. Others may be missing: they are not asked for by everybody. */
export async function runtimeWarnings(runtimes: Runtimes): Promise<readonly string[]> {
  const found = await findRuntime(runtimes, runtimes.defaultName);
  return found.ok ? [] : [`Tasks that name no runtime are refused: ${found.message}`];
}

function namesOf(runtimes: readonly Runtime[]): string {
  return runtimes.map(({ name }) => name).join(", ");
}
