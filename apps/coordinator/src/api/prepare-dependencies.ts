import type { coordinatorRoutes, PrepareResponse, RouteInput } from "@mosaic/contracts";
import { type Mirror, type Mirrors, requireCommit } from "../checkout/mirror.ts";
import { readCommit } from "../checkout/read-commit.ts";
import { prepareCommit } from "../dependencies/prepare.ts";
import type { DependencyStore } from "../dependencies/store.ts";
import { baseRules, type EnvironmentPolicy, readEnvironment } from "../environment/read-environment.ts";
import type { Workbench } from "../execution/workbench.ts";
import { readDefinition } from "../gates/check-commit.ts";

export interface PrepareDependenciesOptions {
  readonly bench: Workbench;
  readonly store: DependencyStore;
  readonly mirrors: Mirrors;
  readonly environment: EnvironmentPolicy;
}

type PrepareRequest = RouteInput<typeof coordinatorRoutes.prepareDependencies>["body"];

/** `POST /api/quality/prepare`. */
export type PrepareDependencies = (request: PrepareRequest, signal: AbortSignal) => Promise<PrepareResponse>;

export function createPrepareDependencies(options: PrepareDependenciesOptions): PrepareDependencies {
  const { bench } = options;
  return async (request, signal) => {
    const started = bench.now();
    const answer = await options.mirrors.reading(request.mirror, signal, (mirror) =>
      prepare(options, { mirror, commit: request.commit }, signal),
    );
    return { ...answer, durationMs: Math.max(0, bench.now() - started) };
  };
}

async function prepare(
  { bench, store, environment }: PrepareDependenciesOptions,
  { mirror, commit }: { readonly mirror: Mirror; readonly commit: string },
  signal: AbortSignal,
): Promise<Omit<PrepareResponse, "durationMs">> {
  await requireCommit(mirror, commit);
  const tree = await readCommit(mirror, commit, signal);
  const rules = baseRules(await readDefinition(tree), await readEnvironment(tree, environment));
  const nothing = { prepared: false, cached: false, mounts: [], path: [], env: {} };
  if (!rules.ok) return { ...nothing, message: rules.reason };

  const preparation = await prepareCommit(store, tree, rules.prepare, signal);
  if (!preparation.ok) {
    const output = preparation.run?.output ?? "";
    const message = [preparation.message, output].filter((part) => part !== "").join("\n");
    return { ...nothing, message: bench.redact(message) };
  }
  // The caller mounts the folders for as long as an agent lives; the cache keeps what was used that recently.
  preparation.release();
  const { prepared, folders, runtime } = preparation;
  const message =
    prepared.length === 0
      ? "The commit has no dependencies to prepare."
      : `Prepared: ${prepared.map(({ manager }) => manager).join(", ")}.`;
  return {
    prepared: true,
    message,
    cached: prepared.every(({ cached }) => cached),
    mounts: folders,
    path: [...runtime.path, ...runtime.pathEnd],
    env: { ...runtime.env },
  };
}
