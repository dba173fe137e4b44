import { isAgentTerminal, isTaskTerminal, TASK_STATES, type TaskState } from "@mosaic/domain";
import type { AgentRecord, StateStore } from "@mosaic/store";

/** Tasks that an orchestrator has taken: there are never more of them than agents may be at work. */
export const TAKEN: readonly TaskState[] = ["assigned", "executing"];
const UNFINISHED = TASK_STATES.filter((state) => !isTaskTerminal(state));

const PAGE = 200;

/**
 * Agents that have not ended, those of the oldest tasks first, in bounded reads. What is admitted or retried while they are
 * read may be left out. @param tasks in these states; with {@link TAKEN} what waits in the queue costs nothing
 */
export async function* livingAgents(
  state: Pick<StateStore, "listTasks" | "getAgents">,
  tasks: readonly TaskState[] = UNFINISHED,
): AsyncGenerator<AgentRecord, void, undefined> {
  for (let more = true, after; more;) {
    const page = await state.listTasks(tasks, { limit: PAGE, after });
    const agents = await state.getAgents(page.map(({ agentId }) => agentId));
    yield* agents.filter((agent) => !isAgentTerminal(agent.state));
    after = page.at(-1);
    more = page.length === PAGE;
  }
}
