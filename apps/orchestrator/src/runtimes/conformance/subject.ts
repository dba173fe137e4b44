import { fileURLToPath } from "node:url";
import type { Sandbox } from "@mosaic/sandbox";
import type { Runtime } from "../port.ts";
import type { LineLimits } from "../read-lines.ts";

/** Parts that any agent can play. Agents with a model are told by a scenario of the same name. */
export const BEHAVED = [
  /** Each prompt: leaves `Attempt <number of the prompt>.` in `attempt.txt`, says a word, and ends its turn. */
  "attempts",
  /** The first prompt: writes `started.txt`, then runs a command that does not end. Later ones end at once. */
  "slow",
  /** The first prompt: starts processes in groups and sessions of their own, writes `started.txt`, and goes on for ever. */
  "escape",
  /** The first prompt: writes what its commands see of the environment to `seen.txt`. */
  "look",
  /** Each prompt: asks its model time and again, and does not end its turn by itself. */
  "insist",
] as const;

/** Parts that need another program in the agent's place. All but the last two behave until their first prompt. */
export const BROKEN = [
  /** Writes `{nonsense` and a newline, and waits. */
  "garbage",
  /** Writes lines without end. Each is well-formed where the runtime has a form for them. */
  "flood",
  /** Writes a line of more than 20,000 bytes, and waits. */
  "long-line",
  /** Writes `last word` to stderr and ends with code 3. */
  "crash",
  /** Kills itself with SIGKILL. */
  "shot",
  /** Does nothing, not even when it is asked to stop. */
  "deaf",
  /** Ends its turn well, and itself right after it, with code 0. */
  "leave",
  /** Ends with code 9 before it is ready. */
  "stillborn",
  /** Is never ready. */
  "mute",
] as const;

export type Part = (typeof BEHAVED)[number] | (typeof BROKEN)[number];

export interface Stage {
  readonly sandbox: Sandbox;
  /** For what the part needs, a program say. Removed after the test. */
  readonly folder: string;
  readonly output?: LineLimits;
  readonly timeoutMs?: number;
  readonly graceMs?: number;
  readonly startTimeoutMs?: number;
}

/** A runtime under test: it is told which part its agents play. */
export interface Subject {
  readonly name: string;
  /** Makes the runtime. Called for each test. */
  runtime(part: Part, stage: Stage): Runtime | Promise<Runtime>;
  /** False when its agents do not speak to the gateway. */
  readonly metered: boolean;
  /** True when they ask their model for more than their turns need: titles, say. */
  readonly asksMore?: boolean;
  /** False when all that a process writes is a text for people, so that nothing is garbage. */
  readonly hasProtocol: boolean;
  /** False when a process is started by a prompt, so that it is not known earlier that it does not work. */
  readonly isReadyFirst: boolean;
  /** False for somebody else's program, which can only be asked to behave. Default true. */
  readonly canBreak?: boolean;
  /** True for one that takes seconds to start: what its session code does for quicker ones, too, is left out. */
  readonly isSlow?: boolean;
  /** Adapters of the sandbox it refuses to run in, with a `sandbox` failure that says why. */
  readonly refuses?: readonly Sandbox["name"][];
}

/** Asks the model for ever, for programs that are told by no scenario; a refusal does not stop it. */
export const INSIST = `
  const headers = { "content-type": "application/json", "x-api-key": process.env.ANTHROPIC_API_KEY };
  const messages = [{ role: "user", content: "And?" }];
  const body = JSON.stringify({ model: process.env.MOSAIC_MODEL, max_tokens: 100, messages });
  while (!stopped)
    await (await fetch(process.env.ANTHROPIC_BASE_URL + "/v1/messages", { method: "POST", headers, body })).text();`;

/** The scenario that tells a model to play this part. */
export function scenarioOf(part: Part): string {
  const name = BEHAVED.find((behaved) => behaved === part) ?? "attempts";
  return fileURLToPath(new URL(`scenarios/${name}.yaml`, import.meta.url));
}
