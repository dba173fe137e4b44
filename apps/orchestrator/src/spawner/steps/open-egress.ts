import type { EgressDoor } from "../../egress/port.ts";
import type { AttemptContext } from "../context.ts";

/** The agent's way out, when it was granted one; every decision is told in its transcript and logged. */
export async function openEgress(
  context: AttemptContext,
  targets: readonly string[],
): Promise<EgressDoor | null> {
  const { services, agent, execution, transcript } = context;
  if (targets.length > 0) {
    execution.egress = await services.egress.open({
      agentId: agent.agentId,
      targets,
      onDecision(decision) {
        services.log.info({ agentId: agent.agentId, ...decision }, "an agent asked for a connection");
        if (!execution.killed) transcript.egress(decision);
      },
    });
  }
  services.reach("egress.open");
  return execution.egress;
}
