import { AGENT_STATES, AGENT_TYPES, IllegalTransitionError, TASK_STATES } from "@mosaic/domain";
import {
  seededRandom,
  admission,
  createFakeClock,
  move,
  notice,
  sqliteEngine,
  startValkey,
  successorOf,
} from "@mosaic/testing";
import type { Subject, ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AgentPatch } from "../records.ts";
import { NotFoundError, type StateStore } from "../state-store.ts";
import { InvalidChangeError } from "../store-error.ts";
import { openStore } from "./store-in-test.ts";

const STEPS = 700;
const AT = "2026-01-01T00:03:00.000Z";
const TYPES = ["agent.failed", "task.pending", "transcript.notice"] as const;
const PATCHES: readonly AgentPatch[] = [
  {},
  { step: "a", owner: 'h "1"' },
  { details: [{ a: [], b: {}, c: null, d: 1.5e-7 }, '"details":'], yolo: true },
  { details: null, error: 'x","state":"killed', completedAt: AT },
  { error: null, branch: "b\\", reason: "runtime" },
];

let valkey: ValkeyInTest;
beforeAll(async () => {
  valkey = await startValkey({ durable: false });
});
afterAll(() => valkey.close());

/** What a call came to: its answer, or the error that is one. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof IllegalTransitionError) return [error.name, error.id, error.current, error.wanted];
    if (error instanceof NotFoundError) return [error.name, error.subject, error.id];
    if (error instanceof InvalidChangeError) return error.name;
    throw error;
  }
}

it.each([1, 2, 3])(
  "the state in Valkey answers whatever it is asked as that in SQLite does (%i)",
  async (seed) => {
    const engine = await sqliteEngine((store) => store.state)(createFakeClock());
    await valkey.run("flushall");
    const store = await openStore(valkey.url);
    const random = seededRandom(seed);
    const one = <T>(items: readonly T[]): T => items[random(items.length)] as T;
    const some = <T>(items: readonly T[]): readonly T[] => items.filter(() => random(2) === 0);
    const subjects: Subject[] = [{ agentId: "unknown", taskId: "unknown" }];
    const both = async (call: (state: StateStore) => Promise<unknown>): Promise<void> => {
      const [sqlite, other] = await Promise.all([outcome(call(engine.port)), outcome(call(store.state))]);
      expect(other).toEqual(sqlite);
    };
    const recent = (): Subject => subjects[Math.max(0, subjects.length - 1 - random(8))] ?? one(subjects);
    const change = (): Promise<void> => {
      const subject = recent();
      const choices = {
        ...(random(3) > 0 && { agent: one(AGENT_STATES) }),
        ...(random(2) > 0 && { task: one(TASK_STATES) }),
        patch: one(PATCHES),
      };
      return both((state) => state.transition(move(subject, choices)));
    };
    const retry = (): Promise<void> => {
      const subject = recent();
      const successor = successorOf(subject, 2 + random(2));
      subjects.push(successor);
      const agent = random(2) === 0 ? {} : ({ agent: "failed" } as const);
      return both((state) => state.transition(move(subject, { ...agent, task: "pending", successor })));
    };
    const steps: readonly (() => Promise<void>)[] = [
      ...Array.from({ length: 3 }, () => () => {
        const request = admission({
          taskId: `t${random(60)}`,
          fingerprint: one(["f1", "f1", "f2"]),
          maxPending: 5 + random(20),
          agentType: one(AGENT_TYPES),
          repository: one(["r1", "r2"]),
          at: new Date(Date.UTC(2026, 0, 1, 0, random(5))).toISOString(),
        });
        subjects.push(request.agent);
        return both((state) => state.admit(request));
      }),
      ...Array.from({ length: 6 }, () => change),
      ...Array.from({ length: 2 }, () => retry),
      () => {
        const [{ agentId }, patch] = [recent(), one(PATCHES)];
        const events = some([notice(recent(), "patched")]);
        return both((state) => state.patchAgent(agentId, patch, AT, events));
      },
      () => {
        const events = Array.from({ length: random(4) }, () => notice(recent(), "x"));
        return both((state) => state.append(events));
      },
      () => {
        const filter = {
          limit: 1 + random(20),
          ...(random(2) === 0 && { states: some(AGENT_STATES) }),
          ...(random(3) === 0 && { agentType: one(AGENT_TYPES) }),
          ...(random(3) === 0 && { repository: one(["r1", "r2", "r3"]) }),
          ...(random(5) === 0 && { taskId: recent().taskId }),
        };
        return both(async (state) => {
          const { items, nextCursor } = await state.listAgents(filter);
          if (nextCursor === null) return items;
          return [items, await state.listAgents({ ...filter, cursor: nextCursor })];
        });
      },
      () => {
        const states = some(TASK_STATES);
        return both((state) => state.listTasks(states));
      },
      () => {
        const [states, limit, { taskId }] = [some(TASK_STATES), 1 + random(10), recent()];
        return both(async (state) => {
          const after = (await state.getTask(taskId)) ?? undefined;
          const slice = await state.listTasks(states, { limit, after });
          return [slice, await state.getAgents(slice.map(({ agentId }) => agentId))];
        });
      },
      () => {
        const prefix = recent().agentId.slice(0, 30 + random(7));
        const limit = 1 + random(5);
        return both((state) => state.findAgents(prefix, limit));
      },
      () => {
        const filter = {
          after: random(400),
          limit: 1 + random(50),
          ...(random(2) === 0 && { subject: recent().agentId }),
          ...(random(2) === 0 && { lifecycleOnly: true }),
          ...(random(3) === 0 && { types: some(TYPES) }),
        };
        return both((state) => state.eventsAfter(filter));
      },
      () => both((state) => state.eventRange()),
      () => (random(10) > 0 ? change() : both((state) => state.pruneEvents(100 + seed))),
    ];
    for (let step = 0; step < STEPS; step += 1) await one(steps)();
    await both((state) => state.eventsAfter({ after: 0, limit: 100_000 }));
    await both((state) => state.listAgents({ limit: 100_000 }));
    await both((state) => state.listTasks(TASK_STATES));
    expect(store.errors).toEqual([]);
    await store.close();
    await engine.close();
  },
);
