import type { NewEvent } from "@mosaic/contracts";
import { InvalidChangeError, type Change, type StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf, race } from "../race.ts";
import { admission, move, notice, stateEvent, successorOf, type Subject } from "../records.ts";

const AT = "2026-01-01T00:03:00.000Z";

export function ruleSuite(open: OpenEngine<StateStore>): void {
  describe("rules of a change", () => {
    const engine = useEngine(open);

    async function admitted(): Promise<Subject> {
      const { agent, ...request } = admission();
      await engine.port.admit({ agent, ...request });
      return agent;
    }

    /** What there is to see of an agent: it must not change when a change is refused. */
    const seen = async ({ agentId, taskId }: Subject) => [
      await engine.port.getAgent(agentId),
      await engine.port.getTask(taskId),
      await engine.port.eventRange(),
    ];

    /** The changes that are not refused as the caller's fault, or that leave something behind all the same. */
    async function notRefused(subject: Subject, changes: readonly Change[]): Promise<readonly Change[]> {
      const before = JSON.stringify(await seen(subject));
      const wrong: Change[] = [];
      for (const change of changes) {
        const { lost } = await race(1, () => engine.port.transition(change));
        const unchanged = JSON.stringify(await seen(subject)) === before;
        if (!(lost[0] instanceof InvalidChangeError) || !unchanged) wrong.push(change);
      }
      return wrong;
    }

    it("refuses a move without exactly its event, and an event without its move", async () => {
      const subject = await admitted();
      const other = await admitted();
      const running = move(subject, { agent: "running" });
      const both = move(subject, { agent: "running", task: "assigned" });
      const ofOther = stateEvent("agent.running", other, AT);
      const wrong = [
        { ...running, events: [] },
        { ...running, events: [ofOther] },
        { ...running, events: [...running.events, ofOther] },
        { ...running, events: [...running.events, ...running.events] },
        { ...running, events: [...running.events, stateEvent("task.assigned", subject, AT)] },
        { ...running, events: [stateEvent("agent.failed", subject, AT)] },
        { ...both, events: both.events.slice(0, 1) },
        { ...both, events: both.events.slice(1) },
        { at: AT, events: [stateEvent("agent.running", subject, AT)] },
      ];
      expect(await notRefused(subject, wrong)).toEqual([]);
    });

    it("refuses events whose data or time do not fit, also beside a legal move", async () => {
      const subject = await admitted();
      const running = move(subject, { agent: "running" });
      const damaged = { ...notice(subject, "x"), data: { text: 5 } } as unknown as NewEvent;
      const untimed = { ...notice(subject, "x"), time: "now" };
      const unknown = { ...notice(subject, "x"), type: "agent.thinking" } as unknown as NewEvent;
      const wrong = [damaged, untimed, unknown];
      const changes = wrong.map((event) => ({ ...running, events: [...running.events, event] }));
      expect(await notRefused(subject, changes)).toEqual([]);
      for (const event of wrong) {
        expect(await errorOf(engine.port.append([notice(subject, "y"), event]))).toBeInstanceOf(
          InvalidChangeError,
        );
      }
      expect(await engine.port.eventRange()).toEqual({ oldest: 1, newest: 2 });
    });

    it("refuses state events that are not written by a transition", async () => {
      const subject = await admitted();
      const events = [stateEvent("agent.killed", subject, AT)];
      const calls = [
        () => engine.port.append(events),
        () => engine.port.patchAgent(subject.agentId, { step: "x" }, AT, events),
      ];
      for (const call of calls) expect(await errorOf(call())).toBeInstanceOf(InvalidChangeError);
      expect(await engine.port.getAgent(subject.agentId)).toMatchObject({ state: "spawning", step: null });
      expect(await engine.port.eventRange()).toEqual({ oldest: 1, newest: 2 });
    });

    it("refuses a patch of what is not a fact, such as the state", async () => {
      const subject = await admitted();
      for (const patch of [{ state: "completed" }, { agentId: "x" }, { nonsense: 1 }]) {
        const call = engine.port.patchAgent(subject.agentId, patch as object, AT, []);
        expect(await errorOf(call)).toBeInstanceOf(InvalidChangeError);
      }
      expect(await engine.port.getAgent(subject.agentId)).toMatchObject({ state: "spawning" });
    });

    it("refuses to move an agent together with another agent's task", async () => {
      const subject = await admitted();
      const other = await admitted();
      const mixed = { ...subject, taskId: other.taskId };
      const wrong = [move(mixed, { agent: "running", task: "assigned" })];
      expect(await notRefused(subject, wrong)).toEqual([]);
    });

    it("refuses a successor that does not follow", async () => {
      const subject = await admitted();
      const other = await admitted();
      await engine.port.transition(move(subject, { task: "assigned" }));
      const successor = successorOf(subject);
      const failed = { agent: "failed", task: "pending" } as const;
      const wrong = [
        move(subject, { task: "pending", successor }),
        move(subject, { agent: "failed", successor }),
        move(subject, { agent: "failed", task: "failed", successor }),
        move(subject, { ...failed, successor: { ...successor, retryOf: null } }),
        move(subject, { ...failed, successor: { ...successor, retryOf: other.agentId } }),
        move(subject, { ...failed, successor: { ...successor, taskId: other.taskId } }),
        move(subject, { ...failed, successor: { ...successor, attempt: 3 } }),
        move(subject, { ...failed, successor: { ...successor, agentId: other.agentId } }),
      ];
      expect(await notRefused(subject, wrong)).toEqual([]);
      expect(await engine.port.getAgent(successor.agentId)).toBeNull();
    });

    it("refuses a second successor of an agent, whatever attempt it claims to be", async () => {
      const subject = await admitted();
      await engine.port.transition(move(subject, { task: "assigned" }));
      const second = successorOf(subject);
      const retried = { agent: "failed", task: "pending", successor: second } as const;
      await engine.port.transition(move(subject, retried));
      await engine.port.transition(move(second, { agent: "failed", task: "assigned" }));
      const wrong = [2, 3].map((attempt) =>
        move(subject, { task: "pending", successor: successorOf(subject, attempt) }),
      );
      expect(await notRefused(subject, wrong)).toEqual([]);
    });
  });
}
