import type { AgentView } from "@mosaic/contracts";
import type { StreamState } from "@mosaic/client";
import { CliError, EXIT } from "../exit.ts";
import type { OrchestratorClient } from "../connect/connection.ts";
import { duration } from "../render/units.ts";
import { cleanLine } from "../terminal/clean.ts";
import { readEvents, type Envelope } from "./read-events.ts";

/** A server that does not come back for so long is given up. */
const GIVE_UP_MS = 300_000;

const TERMINAL: ReadonlySet<string> = new Set(["agent.completed", "agent.failed", "agent.killed"]);

export interface FollowOptions {
  readonly client: OrchestratorClient;
  readonly agentId: string;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Every event of the agent and of the attempts that follow it, once, in order. */
  readonly onEvent: (event: Envelope) => void;
  /** Another attempt follows. */
  readonly onRetry: (agentId: string) => void;
  /** What to tell a person on the way: a lost connection, events that are gone. */
  readonly say: (text: string) => void;
}

/**
 * Follows an agent from its first event to its end, and on to the attempts that retry it.
 * @returns the last attempt as it ended
 * @throws what the client throws; CliError (exit 6) when the server stays away; the signal's reason
 */
export async function followAgent(options: FollowOptions): Promise<AgentView> {
  let agentId = options.agentId;
  for (;;) {
    const ended = await followAttempt(options, agentId);
    if (ended.retriedBy === undefined) return ended;
    agentId = ended.retriedBy;
    options.onRetry(agentId);
  }
}

/** True when there is nothing more to expect from the agent. */
export function hasEnded(agent: Pick<AgentView, "status">): boolean {
  return agent.status === "completed" || agent.status === "failed" || agent.status === "killed";
}

async function followAttempt(options: FollowOptions, agentId: string): Promise<AgentView> {
  const { client, signal } = options;
  const progress = { after: 0, ended: false };
  const see = (event: Envelope): void => {
    if (event.id <= progress.after) return;
    progress.after = event.id;
    if (TERMINAL.has(event.type)) progress.ended = true;
    options.onEvent(event);
  };
  const read = async (): Promise<AgentView> => {
    for await (const event of readEvents(client, agentId, { after: progress.after, signal })) see(event);
    return await client.call("getAgent", { params: { agentId } }, { signal });
  };
  for (;;) {
    const agent = await read();
    if (hasEnded(agent)) {
      // It may have ended between the two answers; then its last events are still to be read.
      return progress.ended ? agent : await read();
    }
    await listen(options, { agentId, after: progress.after, see });
  }
}

/** Hears the stream until the agent's end, or until events are lost for good (then the caller reads again). */
async function listen(
  options: FollowOptions,
  from: { agentId: string; after: number; see: (event: Envelope) => void },
): Promise<void> {
  const patience = new AbortController();
  const signal = AbortSignal.any([options.signal, patience.signal]);
  const onState = watchConnection(options, () =>
    patience.abort(
      new CliError(EXIT.unreachable, `the orchestrator has been away for ${duration(GIVE_UP_MS)}`),
    ),
  );
  const items = options.client.streamEvents({
    lastEventId: from.after,
    query: { agent: from.agentId, transcript: "true" },
    signal,
    onState,
  });
  for await (const item of items) {
    if (item.kind === "reset") {
      options.say("some events are too old to be replayed; going on with what is kept");
      return;
    }
    from.see(item.event as Envelope);
    if (TERMINAL.has(item.event.type)) return;
  }
  signal.throwIfAborted();
}

function watchConnection(options: FollowOptions, giveUp: () => void): (state: StreamState) => void {
  let lostAt: number | null = null;
  return (state) => {
    if (state.kind === "connected") {
      if (lostAt !== null) options.say("connected again");
      lostAt = null;
      return;
    }
    if (lostAt === null) {
      options.say(`the connection is lost (${cleanLine(state.why)}); trying again, the agent goes on`);
      lostAt = options.now();
    }
    if (options.now() - lostAt > GIVE_UP_MS) giveUp();
  };
}
