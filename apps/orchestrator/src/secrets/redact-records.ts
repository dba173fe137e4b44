import type { Json, NewEvent } from "@mosaic/contracts";
import type { AgentPatch, AuditLog, StateStore } from "@mosaic/store";

type Redact = (text: string) => string;

/** Names whose value is told to be a secret by the name alone. */
const TELLING = /pass|pwd|secret|token|key|credential|auth/i;
const LONGEST_VALUE = 400;

/** Every text in a value, names of fields included, without its secrets. */
export function redactDeep<T>(value: T, redact: Redact): T {
  const field = (key: string, item: unknown): unknown => {
    const clean = walk(item);
    if (typeof clean !== "string" || clean !== item || clean.length > LONGEST_VALUE) return clean;
    // Alone it looks like nothing; beside its name it may be a password.
    return TELLING.test(key) && changes(JSON.stringify({ [key]: clean })) ? REDACTED : clean;
  };
  const changes = (text: string): boolean => redact(text) !== text;
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return redact(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== "object" || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [redact(key), field(key, inner)]));
  };
  return walk(value) as T;
}

const REDACTED = "[redacted:generic-assignment]";

/**
 * The store, through which nothing that looks like a secret is written, whoever asks: events, errors, details. The
 * last line of defence; what is known to be untrusted is redacted where it comes in, too.
 */
export function redactingState(state: StateStore, redact: Redact): StateStore {
  const cleanEvents = (events: readonly NewEvent[]): readonly NewEvent[] =>
    events.map((event) => ({ ...event, data: redactDeep(event.data, redact) }) as NewEvent);
  const cleanPatch = (patch: AgentPatch): AgentPatch => redactDeep(patch, redact);
  return {
    ...state,
    admit: (admission) => {
      const { task } = admission;
      const workItems = task.workItems.map(redact);
      return state.admit({ ...admission, task: { ...task, workItems } });
    },
    transition: (change, fence) => {
      const agent = change.agent === undefined ? {} : { agent: cleanMove(change.agent, cleanPatch) };
      return state.transition({ ...change, ...agent, events: cleanEvents(change.events) }, fence);
    },
    patchAgent: (agentId, patch, at, events, fence) =>
      state.patchAgent(agentId, cleanPatch(patch), at, cleanEvents(events), fence),
    append: (events, fence) => state.append(cleanEvents(events), fence),
  };
}

type Move = NonNullable<Parameters<StateStore["transition"]>[0]["agent"]>;

function cleanMove(move: Move, clean: (patch: AgentPatch) => AgentPatch): Move {
  return move.patch === undefined ? move : { ...move, patch: clean(move.patch) };
}

/** The audit log, without secrets in reasons and data. */
export function redactingAudit(audit: AuditLog, redact: Redact): AuditLog {
  return {
    ...audit,
    append: (entry) => {
      const data: Json = JSON.parse(JSON.stringify(entry.data ?? null)) as Json;
      return audit.append({ ...entry, reason: redact(entry.reason), data: redactDeep(data, redact) });
    },
  };
}
