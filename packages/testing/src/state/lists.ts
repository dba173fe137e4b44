import { InvalidCursorError, type AgentFilter, type StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf } from "../race.ts";
import { admission, move, nextAgentId, type AdmissionChoices, type Subject } from "../records.ts";

/** A time `minute` minutes into the day. */
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

export function listSuite(open: OpenEngine<StateStore>): void {
  describe("lists", () => {
    const engine = useEngine(open);

    async function admitted(choices: AdmissionChoices): Promise<Subject> {
      const request = admission(choices);
      await engine.port.admit(request);
      return request.agent;
    }

    async function admittedAt(minutes: readonly number[]): Promise<readonly string[]> {
      const agents: string[] = [];
      for (const minute of minutes) agents.push((await admitted({ at: at(minute) })).agentId);
      return agents;
    }

    /** Every page, one after the other; `between` runs after each. */
    async function pages(
      filter: AgentFilter,
      between?: () => Promise<unknown>,
    ): Promise<readonly string[][]> {
      const read: string[][] = [];
      let cursor: string | null = null;
      do {
        const page = await engine.port.listAgents({ ...filter, ...(cursor !== null && { cursor }) });
        read.push(page.items.map(({ agent }) => agent.agentId));
        cursor = page.nextCursor;
        await between?.();
      } while (cursor !== null);
      return read;
    }

    it("gives agents newest first, each with its task", async () => {
      const [old, young, middle] = await admittedAt([1, 9, 5]);
      const { items, nextCursor } = await engine.port.listAgents({ limit: 10 });
      expect(items.map(({ agent }) => agent.agentId)).toEqual([young, middle, old]);
      expect(nextCursor).toBeNull();
      for (const { agent, task } of items) {
        expect(agent).toEqual(await engine.port.getAgent(agent.agentId));
        expect(task).toEqual(await engine.port.getTask(agent.taskId));
      }
    });

    it("pages through agents of the same moment without losing or repeating one", async () => {
      const agents = await admittedAt([1, 1, 1, 1, 1, 1, 1]);
      const read = await pages({ limit: 3 });
      expect(read.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(read.flat().sort()).toEqual([...agents].sort());
      expect(await pages({ limit: 7 })).toHaveLength(1);
    });

    it("keeps its place while new agents come in", async () => {
      const agents = await admittedAt([1, 2, 3, 4, 5, 6, 7, 8]);
      let minute = 10;
      const read = await pages({ limit: 3 }, async () => {
        minute += 1;
        await admitted({ at: at(minute) });
      });
      expect(read.flat()).toEqual(agents.toReversed());
    });

    it("keeps its place over a restart", async () => {
      const agents = await admittedAt([1, 2, 3, 4]);
      const read = await pages({ limit: 2 }, () => engine.reopen());
      expect(read.flat()).toEqual(agents.toReversed());
    });

    it("filters by state, task, type and repository, together and over pages", async () => {
      const repository = "https://git.example/other";
      const worker = await admitted({ at: at(1), taskId: "wanted" });
      const reviewer = await admitted({ at: at(2), agentType: "reviewer", repository });
      const tester = await admitted({ at: at(3), agentType: "tester", repository });
      await engine.port.transition(move(worker, { agent: "running" }));
      await engine.port.transition(move(reviewer, { agent: "killed" }));
      const found = async (filter: Omit<AgentFilter, "limit">) =>
        (await pages({ ...filter, limit: 1 })).flat();

      const ended = [reviewer.agentId, worker.agentId];
      expect(await found({ states: ["killed", "running"] })).toEqual(ended);
      expect(await found({ states: ["running", "killed"] })).toEqual(ended);
      expect(await found({ states: ["spawning"] })).toEqual([tester.agentId]);
      expect(await found({ states: ["running", "running"] })).toEqual([worker.agentId]);
      expect(await found({ states: [] })).toEqual([]);
      expect(await found({ taskId: "wanted" })).toEqual([worker.agentId]);
      expect(await found({ agentType: "tester" })).toEqual([tester.agentId]);
      expect(await found({ repository })).toEqual([tester.agentId, reviewer.agentId]);
      expect(await found({ repository, states: ["killed", "failed"] })).toEqual([reviewer.agentId]);
      expect(await found({ repository, agentType: "worker" })).toEqual([]);
    });

    it("refuses a cursor that it did not make", async () => {
      await admittedAt([1, 2]);
      const { nextCursor } = await engine.port.listAgents({ limit: 1 });
      for (const cursor of ["", "nonsense", "W10", `${nextCursor?.slice(0, -4)}`, "%00"]) {
        const error = await errorOf(engine.port.listAgents({ limit: 1, cursor }));
        expect(error).toBeInstanceOf(InvalidCursorError);
      }
    });

    it("finds agents by the start of their id", async () => {
      const first = await admitted({ agentId: "ab000000-0000-4000-8000-000000000001" });
      const second = await admitted({ agentId: "ab000000-0000-4000-8000-000000000002" });
      await admitted({ agentId: "ac000000-0000-4000-8000-000000000003" });

      expect(await engine.port.findAgents("ab00", 10)).toEqual([first.agentId, second.agentId]);
      expect(await engine.port.findAgents("ab00", 1)).toHaveLength(1);
      expect(await engine.port.findAgents(second.agentId, 10)).toEqual([second.agentId]);
      expect(await engine.port.findAgents("a%", 10)).toEqual([]);
      expect(await engine.port.findAgents("ad", 10)).toEqual([]);
    });

    it("gives tasks in the asked states, oldest first", async () => {
      const late = await admitted({ at: at(9) });
      const early = await admitted({ at: at(1) });
      const assigned = await admitted({ at: at(5) });
      const failed = await admitted({ at: at(2) });
      await engine.port.transition(move(assigned, { task: "assigned" }));
      await engine.port.transition(move(failed, { task: "failed" }));

      const tasks = await engine.port.listTasks(["pending", "assigned", "executing"]);
      const expected = [early, assigned, late].map(({ taskId }) => taskId);
      expect(tasks.map(({ taskId }) => taskId)).toEqual(expected);
      expect(tasks[1]).toEqual(await engine.port.getTask(assigned.taskId));
      expect(await engine.port.listTasks([])).toEqual([]);
    });

    it("gives tasks slice by slice, over states and those of the same moment, none twice and none left out", async () => {
      const subjects: Subject[] = [];
      for (const minute of [3, 1, 2, 2, 2, 4, 5]) subjects.push(await admitted({ at: at(minute) }));
      for (const subject of [subjects[1], subjects[3], subjects[5]])
        await engine.port.transition(move(subject as Subject, { task: "assigned" }));
      const states = ["assigned", "pending"] as const;
      const all = await engine.port.listTasks(states);
      const read: string[][] = [];
      let after: (typeof all)[number] | undefined;
      do {
        const slice = await engine.port.listTasks(states, { limit: 3, after });
        read.push(slice.map(({ taskId }) => taskId));
        after = slice.at(-1);
      } while (read.at(-1)?.length === 3);
      expect(read.map((slice) => slice.length)).toEqual([3, 3, 1]);
      expect(read.flat()).toEqual(all.map(({ taskId }) => taskId));
      expect(await engine.port.listTasks(states, { limit: 3, after: all.at(-1) })).toEqual([]);
      expect(await engine.port.listTasks(states, { limit: 100 })).toEqual(all);
    });

    it("gives agents by their ids, in that order, without those that are not there", async () => {
      const [one, other] = [await admitted({}), await admitted({})];
      const found = await engine.port.getAgents([other.agentId, nextAgentId(), one.agentId]);
      expect(found).toEqual([
        await engine.port.getAgent(other.agentId),
        await engine.port.getAgent(one.agentId),
      ]);
      expect(await engine.port.getAgents([])).toEqual([]);
    });
  });
}
