import { InvalidChangeError, type StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf, race } from "../race.ts";
import { admission, move, nextAgentId, successorOf } from "../records.ts";

export function admissionSuite(open: OpenEngine<StateStore>): void {
  describe("admission", () => {
    const engine = useEngine(open);
    const events = () => engine.port.eventsAfter({ after: 0, limit: 1000 });

    it("creates a pending task and its spawning agent with their events", async () => {
      const request = admission();
      const outcome = await engine.port.admit(request);
      const { taskId, agentId } = request.task;

      const task = await engine.port.getTask(taskId);
      const { createdAt } = request.task;
      expect(task).toEqual({ ...request.task, state: "pending", attempt: 1, updatedAt: createdAt });
      const agent = await engine.port.getAgent(agentId);
      expect(agent).toMatchObject({ ...request.agent, state: "spawning", retriedBy: null, details: null });
      expect(outcome).toEqual({ kind: "admitted", agent });
      const written = await events();
      expect(written.map(({ type, subject, taskId: of }) => [type, subject, of])).toEqual([
        ["agent.spawning", agentId, taskId],
        ["task.pending", agentId, taskId],
      ]);
    });

    it("keeps which runtime runs a task, over moves and restarts", async () => {
      const { agent, task, ...request } = admission({ runtime: "other-agent" });
      await engine.port.admit({ agent, task, ...request });
      await engine.port.transition(move(agent, { task: "assigned" }));
      await engine.reopen();

      expect(await engine.port.getTask(task.taskId)).toMatchObject({ runtime: "other-agent" });
      const { items } = await engine.port.listAgents({ limit: 10 });
      expect(items.map((item) => item.task.runtime)).toEqual(["other-agent"]);
    });

    it("answers a repetition with the same agent and writes nothing, before and after a restart", async () => {
      const request = admission();
      await engine.port.admit(request);
      const again = { ...admission({ taskId: request.task.taskId }), maxPending: 0 };
      const agent = await engine.port.getAgent(request.agent.agentId);

      expect(await engine.port.admit(again)).toEqual({ kind: "existing", agent });
      await engine.reopen();
      expect(await engine.port.admit(again)).toEqual({ kind: "existing", agent });
      expect(await engine.port.getAgent(again.agent.agentId)).toBeNull();
      expect(await events()).toHaveLength(2);
    });

    it("answers a repetition after a retry with the agent of the current attempt", async () => {
      const request = admission();
      await engine.port.admit(request);
      const successor = successorOf(request.agent);
      await engine.port.transition(move(request.agent, { task: "assigned" }));
      await engine.port.transition(move(request.agent, { agent: "failed", task: "pending", successor }));

      const agent = await engine.port.getAgent(successor.agentId);
      expect(await engine.port.admit(request)).toEqual({ kind: "existing", agent });
    });

    it("refuses another request under the same task id and leaves the first one alone", async () => {
      const request = admission();
      await engine.port.admit(request);
      const before = await engine.port.getTask(request.task.taskId);
      const other = admission({ taskId: request.task.taskId, fingerprint: "f2" });

      expect(await engine.port.admit(other)).toEqual({ kind: "conflict" });
      expect(await engine.port.getTask(request.task.taskId)).toEqual(before);
      expect(await engine.port.getAgent(other.agent.agentId)).toBeNull();
      expect(await events()).toHaveLength(2);
    });

    it("is full at its bound, and takes a task again when one has left pending", async () => {
      const first = admission({ maxPending: 2 });
      await engine.port.admit(first);
      await engine.port.admit(admission({ maxPending: 2 }));
      const third = admission({ maxPending: 2 });

      expect(await engine.port.admit(third)).toEqual({ kind: "full", pending: 2 });
      expect(await engine.port.getTask(third.task.taskId)).toBeNull();
      expect(await events()).toHaveLength(4);
      await engine.port.transition(move(first.agent, { task: "assigned" }));
      expect(await engine.port.admit(third)).toMatchObject({ kind: "admitted" });
      await engine.reopen();
      const fourth = admission({ maxPending: 2 });
      expect(await engine.port.admit(fourth)).toEqual({ kind: "full", pending: 2 });
    });

    it("counts a task that is retried as pending again", async () => {
      const { agent, ...request } = admission({ maxPending: 1 });
      await engine.port.admit({ agent, ...request });
      await engine.port.transition(move(agent, { task: "assigned" }));
      await engine.port.transition(
        move(agent, { agent: "failed", task: "pending", successor: successorOf(agent) }),
      );
      expect(await engine.port.admit(admission({ maxPending: 1 }))).toEqual({ kind: "full", pending: 1 });
    });

    it("admits one of fifty callers with the same task and answers the others with its agent", async () => {
      const taskId = "contested";
      const { won } = await race(50, () => engine.port.admit(admission({ taskId })));

      expect(won.filter(({ kind }) => kind === "admitted")).toHaveLength(1);
      expect(won.filter(({ kind }) => kind === "existing")).toHaveLength(49);
      const task = await engine.port.getTask(taskId);
      const agents = won.map((outcome) => ("agent" in outcome ? outcome.agent.agentId : null));
      expect(new Set(agents)).toEqual(new Set([task?.agentId]));
      expect(await events()).toHaveLength(2);
    });

    it("does not overshoot its bound when fifty callers come at once", async () => {
      const { won } = await race(50, () => engine.port.admit(admission({ maxPending: 10 })));

      expect(won.filter(({ kind }) => kind === "admitted")).toHaveLength(10);
      expect(won.filter((outcome) => outcome.kind === "full" && outcome.pending === 10)).toHaveLength(40);
      expect(await engine.port.listTasks(["pending"])).toHaveLength(10);
    });

    it("refuses an admission that contradicts itself and writes nothing", async () => {
      const { task, agent, maxPending } = admission();
      const wrong = [
        { task, agent: { ...agent, taskId: "other" }, maxPending },
        { task: { ...task, agentId: nextAgentId() }, agent, maxPending },
        { task, agent: { ...agent, attempt: 2 }, maxPending },
        { task, agent: { ...agent, spawnedAt: "yesterday" }, maxPending },
      ];
      for (const request of wrong) {
        expect(await errorOf(engine.port.admit(request))).toBeInstanceOf(InvalidChangeError);
      }
      expect(await engine.port.getTask(task.taskId)).toBeNull();
      expect(await events()).toEqual([]);
    });
  });
}
