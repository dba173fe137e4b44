import type { LoadResult } from "./measure-scale.ts";

/** One limit against what was measured. */
export interface Verdict {
  readonly row: string;
  readonly what: string;
  readonly measured: string;
  readonly limit: string;
  readonly met: boolean;
  /** Hard ones are the owner's, and fail the test; the others are ours, and stricter. */
  readonly hard: boolean;
}

type Measured = Pick<
  LoadResult,
  "name" | "agents" | "orchestrators" | "seconds" | "cores" | "use" | "firstRequest" | "done" | "problems"
>;

const SPAWN_MS = 10_000;
const CPU_SHARE = 0.8;
const MEMORY_BYTES = 4e9;
const OVERHEAD_SHARE = 0.1;
const OVERHEAD_BYTES = 300e6;
/** The limits name this many agents. */
const AGENTS = 10;

/** Of what all cores could have done, for everything that was started here, the agents' own work included. */
export function machineShare({ use, seconds, cores }: Pick<LoadResult, "use" | "seconds" | "cores">): number {
  const { orchestratorSeconds, agentSeconds, otherSeconds, serverSeconds } = use;
  return (orchestratorSeconds + agentSeconds + otherSeconds + serverSeconds) / (seconds * cores);
}

/** Processor time of the orchestrators' processes against that of the agents. */
export const overheadShare = ({ use }: Pick<LoadResult, "use">): number =>
  use.orchestratorSeconds / use.agentSeconds;

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

/** What a row has to keep to. What could not be measured is not met. */
export function judge(result: Measured): readonly Verdict[] {
  const { name, agents, done, problems, use, firstRequest } = result;
  const verdict = (
    what: string,
    rest: Pick<Verdict, "measured" | "limit" | "met">,
    hard = true,
  ): Verdict => ({
    row: name,
    what,
    ...rest,
    hard,
  });
  const once = verdict("every task done exactly once", {
    measured: `${done} done, ${problems.length} problems`,
    limit: `${agents} done`,
    met: done === agents && problems.length === 0,
  });
  if (agents !== AGENTS) return [once];
  const [machine, overhead] = [machineShare(result), overheadShare(result)];
  return [
    once,
    verdict("slowest spawn to first model request", {
      measured: `${(firstRequest.max / 1000).toFixed(1)} s`,
      limit: `< ${SPAWN_MS / 1000} s`,
      met: firstRequest.max < SPAWN_MS,
    }),
    verdict("processor, everything, of all cores", {
      measured: percent(machine),
      limit: `< ${percent(CPU_SHARE)}`,
      met: machine < CPU_SHARE,
    }),
    verdict("memory, everything, at the most", {
      measured: megabytes(use.totalBytes),
      limit: `< ${megabytes(MEMORY_BYTES)}`,
      met: use.totalBytes < MEMORY_BYTES,
    }),
    verdict(
      "processor of the orchestrators, of the agents' own",
      { measured: percent(overhead), limit: `< ${percent(OVERHEAD_SHARE)}`, met: overhead < OVERHEAD_SHARE },
      false,
    ),
    verdict(
      "memory of the largest orchestrator",
      {
        measured: megabytes(use.largestBytes),
        limit: `< ${megabytes(OVERHEAD_BYTES)}`,
        met: use.largestBytes < OVERHEAD_BYTES,
      },
      false,
    ),
  ];
}
