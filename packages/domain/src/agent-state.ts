import { IllegalTransitionError } from "./transition-error.ts";

/** Every state an agent can be in. An agent is one attempt; a terminal state is final (DESIGN §4). */
export const AGENT_STATES = ["spawning", "running", "completed", "failed", "killed"] as const;
export type AgentState = (typeof AGENT_STATES)[number];

const NEXT: Readonly<Record<AgentState, readonly AgentState[]>> = {
  spawning: ["running", "failed", "killed"],
  running: ["completed", "failed", "killed"],
  completed: [],
  failed: [],
  killed: [],
};

/** True when no transition leads out of `state`. */
export function isAgentTerminal(state: AgentState): boolean {
  return NEXT[state].length === 0;
}

/** True when `from → to` is in the table. */
export function canAgentMove(from: AgentState, to: AgentState): boolean {
  return NEXT[from].includes(to);
}

/** Throws {@link IllegalTransitionError}, carrying the current state, unless `from → to` is in the table. */
export function assertAgentMove(agentId: string, from: AgentState, to: AgentState): void {
  if (!canAgentMove(from, to)) throw new IllegalTransitionError("agent", agentId, from, to);
}
