import {
  AGENT_STATES,
  canAgentMove,
  canTaskMove,
  isAgentTerminal,
  TASK_STATES,
  type AgentState,
  type TaskState,
} from "@mosaic/domain";
import { EVENT_CHANNEL, KEYS } from "../keys.ts";

function luaSet(items: readonly string[]): string {
  return `{ ${items.map((item) => `['${item}'] = true`).join(", ")} }`;
}

function moves<S extends AgentState | TaskState>(
  states: readonly S[],
  can: (from: S, to: S) => boolean,
): string {
  return luaSet(states.flatMap((from) => states.filter((to) => can(from, to)).map((to) => `${from}>${to}`)));
}

/** The names of keys and the domain's own tables, as Lua: there is no second copy that could differ. */
export const TABLES = `
local KEYS = { ${Object.entries(KEYS)
  .map(([name, key]) => `${name} = '${key}'`)
  .join(", ")} }
local EVENT_CHANNEL = '${EVENT_CHANNEL}'
local STATES = { agent = ${luaSet(AGENT_STATES)}, task = ${luaSet(TASK_STATES)} }
local MOVES = {
  agent = ${moves(AGENT_STATES, canAgentMove)},
  task = ${moves(TASK_STATES, canTaskMove)},
}
local AGENT_ENDS = ${luaSet(AGENT_STATES.filter(isAgentTerminal))}
`;
