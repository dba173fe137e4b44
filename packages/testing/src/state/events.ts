import type { StoredEvent } from "@mosaic/contracts";
import { AGENT_STATES } from "@mosaic/domain";
import type { StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf, race } from "../race.ts";
import { collectEvents } from "./collect.ts";
import { admission, move, notice, stateEvent, type Subject } from "../records.ts";

export function eventSuite(open: OpenEngine<StateStore>): void {
  describe("events", () => {
    const engine = useEngine(open);
    const all = () => engine.port.eventsAfter({ after: 0, limit: 10_000 });

    async function admitted(): Promise<Subject> {
      const { agent, ...request } = admission();
      await engine.port.admit({ agent, ...request });
      return agent;
    }

    it("are numbered without a gap, and tell exactly the changes that were made, under fifty writers", async () => {
      const subjects = await Promise.all(Array.from({ length: 10 }, admitted));
      const goals = [...AGENT_STATES, ...AGENT_STATES];
      await race(subjects.length * 10, (index) => {
        const subject = subjects[index % subjects.length] as Subject;
        return engine.port.transition(move(subject, { agent: goals[index % 7] ?? "failed" }));
      });

      const events = await all();
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
      for (const { agentId } of subjects) {
        const told = events.filter(({ type, subject }) => subject === agentId && type.startsWith("agent."));
        expect(told.at(-1)?.type).toBe(`agent.${(await engine.port.getAgent(agentId))?.state}`);
        expect(new Set(told.map(({ type }) => type)).size).toBe(told.length);
      }
    });

    it("come back as they were written, after a restart, too", async () => {
      const subject = await admitted();
      const bare = { ...notice(subject, 'quotes " and \u{1F642} and \u0000 survive'), subject: "queue" };
      delete bare.taskId;
      const stored = await engine.port.append([bare, notice(subject, "")]);
      expect(stored).toEqual([
        { ...bare, id: 3 },
        { ...notice(subject, ""), id: 4 },
      ]);
      await engine.reopen();
      expect(await engine.port.eventsAfter({ after: 2, limit: 10 })).toEqual(stored);
      expect(await engine.port.append([])).toEqual([]);
    });

    it("are found by place, subject, kind and type", async () => {
      const [first, second] = [await admitted(), await admitted()];
      await engine.port.transition(move(first, { agent: "running", task: "assigned" }));
      await engine.port.append([notice(first, "1"), notice(second, "2"), notice(first, "3")]);
      const ids = async (filter: object) => {
        const events = await engine.port.eventsAfter({ after: 0, limit: 100, ...filter });
        return events.map(({ id }) => id);
      };

      expect(await ids({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await ids({ after: 4, limit: 2 })).toEqual([5, 6]);
      expect(await ids({ subject: second.agentId })).toEqual([3, 4, 8]);
      expect(await ids({ lifecycleOnly: true })).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await ids({ lifecycleOnly: true, subject: first.agentId, after: 1 })).toEqual([2, 5, 6]);
      expect(await ids({ types: ["task.pending", "transcript.notice"] })).toEqual([2, 4, 7, 8, 9]);
      expect(await ids({ types: ["task.pending"], subject: first.agentId })).toEqual([2]);
      expect(await ids({ types: [] })).toEqual([]);
      expect(await ids({ after: 9 })).toEqual([]);
    });

    it("can be read in pages while others write, each event once and in order", async () => {
      const subject = await admitted();
      const writing = race(60, (index) => engine.port.append([notice(subject, `${index}`)]));
      const read: StoredEvent[] = [];
      while (read.length < 62) {
        read.push(...(await engine.port.eventsAfter({ after: read.at(-1)?.id ?? 0, limit: 7 })));
      }
      await writing;
      expect(read).toEqual(await all());
    });

    it("are announced after their commit, complete and in the order of their ids", async () => {
      const { seen, stop, until } = collectEvents(engine.port);
      const subjects = await Promise.all(Array.from({ length: 20 }, admitted));
      await Promise.all(subjects.map((subject) => engine.port.append([notice(subject, "x")])));
      await race(40, (index) => {
        const subject = subjects[index % 20] as Subject;
        return engine.port.transition(move(subject, { agent: "running" }));
      });
      await engine.port.patchAgent(subjects[0]?.agentId ?? "", { step: "x" }, "2026-01-01T00:00:00.000Z", [
        notice(subjects[0] as Subject, "patched"),
      ]);

      await until((await engine.port.eventRange()).newest);
      expect(seen).toEqual(await all());
      stop();
    });

    it("that are announced can already be read", async () => {
      const subject = await admitted();
      const read = new Promise<unknown>((resolve, reject) => {
        engine.port.subscribe(() => {
          engine.port.getAgent(subject.agentId).then(resolve, reject);
        });
      });
      await engine.port.transition(move(subject, { agent: "running" }));
      expect(await read).toMatchObject({ state: "running" });
    });

    it("reach every listener though one of them throws, and no one who has stopped", async () => {
      const before = collectEvents(engine.port);
      const stopThrowing = engine.port.subscribe(() => {
        throw new Error("a bad listener");
      });
      const after = collectEvents(engine.port);
      const stopped = collectEvents(engine.port);
      stopped.stop();
      const subject = await admitted();
      await engine.port.append([notice(subject, "x")]);

      await Promise.all([before.until(3), after.until(3)]);
      expect(before.seen).toEqual(await all());
      expect(after.seen).toEqual(before.seen);
      expect(stopped.seen).toEqual([]);
      stopThrowing();
    });

    it("are not announced for what was refused", async () => {
      const subject = await admitted();
      const { seen, until } = collectEvents(engine.port);
      await errorOf(engine.port.transition(move(subject, { agent: "completed" })));
      await errorOf(engine.port.append([stateEvent("agent.running", subject, "2026-01-01T00:00:00.000Z")]));
      await engine.port.append([notice(subject, "the only one")]);
      await until(3);
      expect(seen.map(({ id, type }) => [id, type])).toEqual([[3, "transcript.notice"]]);
    });

    it("are pruned from the oldest, and their ids are never given again", async () => {
      const subject = await admitted();
      for (let count = 0; count < 8; count += 1) await engine.port.append([notice(subject, `${count}`)]);

      expect(await engine.port.pruneEvents(20)).toBe(0);
      expect(await engine.port.pruneEvents(4)).toBe(6);
      expect(await engine.port.eventRange()).toEqual({ oldest: 7, newest: 10 });
      expect((await all()).map(({ id }) => id)).toEqual([7, 8, 9, 10]);
      expect(await engine.port.pruneEvents(0)).toBe(4);
      expect(await engine.port.eventRange()).toEqual({ oldest: 0, newest: 0 });
      await engine.reopen();
      const [next] = await engine.port.append([notice(subject, "after")]);
      expect(next?.id).toBe(11);
      expect(await engine.port.getAgent(subject.agentId)).toMatchObject({ state: "spawning" });
    });
  });
}
