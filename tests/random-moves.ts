import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "@mosaic/testing";
import { type GatedSystem, startGatedSystem } from "./gated-system.ts";
import { scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

export interface RandomMoves {
  readonly agents: number;
  readonly pushed: number;
  /** Promises that were broken, each a sentence; empty is what is wanted. */
  readonly violations: readonly string[];
}

/**
 * Agents that change the same file at once, on a base branch that moves by chance (elsewhere, or in that very file) while
 * gates run that reject by chance; odd seeds rebase, even ones merge.
 */
export async function playRandomMoves(seed: number, agents: number): Promise<RandomMoves> {
  const next = seededRandom(seed);
  const roll = (): number => next(2 ** 32) / 2 ** 32;
  let remote = "";
  const move = async (): Promise<void> => {
    const dice = roll();
    if (dice < 0.12) await system.git.commit(remote, "main", { [`theirs-${dice}.txt`]: "x\n" });
    if (dice >= 0.12 && dice < 0.18)
      await system.git.commit(remote, "main", { "src/mine.js": `export const by = ${dice};\n` });
  };
  // One at a time: two people who push at once would have to merge, too.
  let last = Promise.resolve();
  const judge = async (): Promise<string | null> => {
    last = last.then(move);
    await last;
    return roll() < 0.08 ? "rejected by chance" : null;
  };
  const system = await startGatedSystem(scenario("changes-one-file"), judge, {
    MAX_CONCURRENT_AGENTS: "3",
    ORCHESTRATOR_QUEUE_CONCURRENCY: "3",
    MOSAIC_INTEGRATE: seed % 2 === 0 ? "merge" : "rebase",
  });
  try {
    remote = await system.git.remote(TINY_REPOSITORY);
    const ids: string[] = [];
    for (let i = 0; i < agents; i += 1) ids.push(await system.spawn(remote, { maxAttempts: 4 }));
    const violations: string[] = [];
    for (const agentId of ids) {
      const { status, reason, error } = await system.ended(agentId);
      const isVerdict = ["conflict", "rejected", "no_changes"].includes(reason ?? "");
      if (status !== "completed" && !isVerdict) violations.push(`${agentId} is ${status}: ${error}`);
    }
    const pushed = await checkPushes(system, { remote, ids, violations });
    for (const agentId of ids) await system.seen(agentId, "agent.cleanup");
    for (const name of await readdir(join(system.home, "scratch")))
      violations.push(`scratch/${name} is left`);
    return { agents, pushed, violations };
  } finally {
    await system.close();
  }
}

/** No push without both phases' approval of that very commit, and the remote holds nothing else of ours. */
export async function checkPushes(
  system: Pick<GatedSystem, "events" | "git">,
  { remote, ids, violations }: { remote: string; ids: readonly string[]; violations: string[] },
): Promise<number> {
  const pushed: string[] = [];
  for (const agentId of ids) {
    const events = await system.events(agentId);
    const proofs = events.flatMap((event) =>
      event.type === "gates.approved" ? [`${event.data.commit} ${event.data.phase}`] : [],
    );
    for (const event of events) {
      if (event.type !== "push.verified") continue;
      const { commit, branch } = event.data;
      for (const phase of ["pre-commit", "post-commit"]) {
        if (!proofs.includes(`${commit} ${phase}`)) violations.push(`${commit} was pushed without ${phase}`);
      }
      pushed.push(`${branch} ${commit}`);
    }
  }
  const refs = await system.git.git(
    remote,
    "for-each-ref",
    "--format=%(refname:short) %(objectname)",
    "refs/heads/mosaic",
  );
  const there = refs.split("\n").filter((line) => line !== "");
  for (const line of there.filter((ref) => !pushed.includes(ref))) violations.push(`${line} has no proof`);
  for (const line of pushed.filter((ref) => !there.includes(ref))) violations.push(`${line} is not there`);
  return pushed.length;
}
