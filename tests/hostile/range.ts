import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { AgentView, StoredEvent } from "@mosaic/contracts";
import type { Gate } from "@mosaic/domain";
import type { FixtureFiles } from "@mosaic/testing";
import { startSystem, type System } from "../system.ts";
import { TINY_REPOSITORY } from "../tiny-repository.ts";
import { type Canary, createCanary } from "./canary.ts";

const execute = promisify(execFile);

/** Attacks wait in a queue for their turn, on machines that have more to do. Milliseconds. */
export const PATIENCE_MS = 300_000;

/** What an honest agent does to the tiny repository. */
export const REPAIR = "sed -i 's/a - b/a + b/' src/sum.js\n";

/** A repository and an agent that attack. */
export interface Attack {
  /** Files of the base branch, beside the tiny repository's; `null` takes one away. */
  readonly files?: FixtureFiles;
  /** What the agent runs in its tree after it did its work. */
  readonly script?: string;
  /** Another remote than one made of `files`. */
  readonly remote?: string;
  readonly gates?: readonly Gate[];
  readonly attempts?: number;
  readonly skills?: readonly string[];
  readonly workItems?: readonly string[];
}

/** What came of it. */
export interface Played {
  readonly agent: AgentView;
  readonly events: readonly StoredEvent[];
  readonly remote: string;
  readonly durationMs: number;
  /** `git ls-tree -r -z` of what was pushed, one entry each; empty when nothing was. */
  readonly pushed: readonly string[];
  /** Messages of the verdicts, by gate. */
  readonly verdicts: Readonly<Record<string, string>>;
}

/** The whole system and something on the host to hit. */
export interface Range {
  readonly system: System;
  readonly canary: Canary;
  /** Plays one attack to its end, and throws when anything of the host was read, written or run. */
  play(attack: Attack): Promise<Played>;
  close(): Promise<void>;
}

/** @param env on top of settings that let a few agents run at once and keep trees small */
export async function startRange(
  env: Readonly<Record<string, string>> = {},
  network?: Parameters<typeof startSystem>[2],
): Promise<Range> {
  const canary = await createCanary();
  const scenario = `replay:${fileURLToPath(new URL("runs-attack.yaml", import.meta.url))}`;
  const system = await startSystem(
    scenario,
    {
      MAX_CONCURRENT_AGENTS: "3",
      ORCHESTRATOR_QUEUE_CONCURRENCY: "3",
      MOSAIC_TREE_MAX_ENTRIES: "3000",
      MOSAIC_TREE_MAX_BYTES: String(96 * 1024 * 1024),
      ...env,
    },
    network,
  );
  return {
    system,
    canary,
    play: (attack) => {
      const known = { port: String(canary.port), secret: canary.secretFile };
      return play(system, canary, { ...attack, files: { ...known, ...attack.files } });
    },
    close: async () => {
      await system.close();
      await canary.close();
    },
  };
}

let plays = 0;

async function play(system: System, canary: Canary, attack: Attack): Promise<Played> {
  const remote = attack.remote ?? (await system.remote(filesOf(attack)));
  plays += 1;
  const started = performance.now();
  const { agentId } = await system.client.call("spawnAgent", {
    body: {
      taskId: `attack-${plays}`,
      agentType: "worker",
      gateProfile: "custom",
      context: {
        repository: remote,
        branch: "main",
        workItems: [...(attack.workItems ?? ["Make the failing test pass"])],
        ...(attack.skills === undefined ? {} : { skills: [...attack.skills] }),
      },
      options: { gates: [...(attack.gates ?? ["tests"])], maxAttempts: attack.attempts ?? 1, maxRetries: 0 },
    },
  });
  const agent = await system.ended(agentId);
  const durationMs = performance.now() - started;
  const events = await system.events(agentId);
  await holdHarmless(canary, { system, agent, events, remote });
  const listed =
    agent.pushedCommit === undefined
      ? ""
      : await system.git.git(remote, "ls-tree", "-r", "-z", "--full-tree", agent.pushedCommit);
  return {
    agent,
    events,
    remote,
    durationMs,
    pushed: listed.split("\0").filter((entry) => entry !== ""),
    verdicts: verdictsOf(events),
  };
}

function filesOf({ files, script }: Attack): FixtureFiles {
  return {
    ...TINY_REPOSITORY,
    "attack.sh": `${REPAIR}${script ?? ""}\nexit 0\n`,
    ...files,
  };
}

function verdictsOf(events: readonly StoredEvent[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const event of events) {
    if (event.type === "gates.verdict")
      found[event.data.gate] = `${event.data.outcome}: ${event.data.message}`;
  }
  return found;
}

interface Traces {
  readonly system: System;
  readonly agent: AgentView;
  readonly events: readonly StoredEvent[];
  readonly remote: string;
}

/** Nothing of the host ran, was written, or is told anywhere: in events, the agent's record, its diff, or the remote. */
async function holdHarmless(canary: Canary, { system, agent, events, remote }: Traces): Promise<void> {
  const marks = [...(await canary.marks())];
  const told = JSON.stringify([agent, events]);
  if (told.includes(canary.secret)) marks.push("the canary's content is in the events");
  if (agent.baseCommit !== undefined) {
    const diff = await system.client
      .call("getAgentDiff", { params: { agentId: agent.agentId } })
      .catch(() => null);
    if (JSON.stringify(diff).includes(canary.secret)) marks.push("the canary's content is in the diff");
  }
  const options = { maxBuffer: 512 * 1024 * 1024, encoding: "buffer" } as const;
  const { stdout } = await execute(
    "git",
    ["--git-dir", remote, "cat-file", "--batch-all-objects", "--batch", "--buffer"],
    options,
  );
  if (stdout.includes(canary.secret)) marks.push("the canary's content is in the remote");
  if (marks.length > 0) throw new Error(`the attack reached the host: ${marks.join("; ")}`);
}
