import { type AgentView, EVENT_DATA, type EventData } from "@mosaic/contracts";
import type { OrchestratorClient } from "../connect/connection.ts";
import { EXIT } from "../exit.ts";
import { readEvents } from "../follow/read-events.ts";
import { patchLines } from "../render/patch.ts";
import { duration } from "../render/units.ts";
import { usageLine } from "../render/usage.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DemoRepository } from "./demo-repository.ts";

interface DemoEnd {
  readonly agent: AgentView;
  readonly repository: DemoRepository;
  readonly folder: string;
  readonly tookMs: number;
}

type GateVerdict = EventData<"gates.verdict">;

/** What came of the demo: diff, verdicts, tokens and cost, and where the branch is. Answers with the exit code. */
export async function report(terminal: Terminal, client: OrchestratorClient, end: DemoEnd): Promise<number> {
  const { agent, repository } = end;
  const heading = (text: string): void => terminal.lines(["", terminal.paint("strong", text)]);
  if (agent.snapshotCommit !== undefined) {
    heading("what the agent changed");
    const { patch } = await client.call("getAgentDiff", { params: { agentId: agent.agentId } });
    terminal.lines(patchLines(patch.trimEnd(), terminal.paint));
  }
  heading("verdicts");
  for (const verdict of await verdicts(client, agent.agentId)) {
    terminal.line(
      `${verdict.commit.slice(0, 10)}  ${verdict.gate.padEnd(10)} ${verdict.outcome.padEnd(8)} ${duration(verdict.durationMs)}`,
    );
  }
  heading("result");
  terminal.line(`used        ${usageLine(agent.usage)}`);
  if (agent.status !== "completed") {
    terminal.fail(`the agent ${agent.status}: ${cleanLine(agent.error ?? "no reason was given")}`, [
      `everything is in ${end.folder}`,
    ]);
    return EXIT.agentFailed;
  }
  terminal.line(
    `pushed      branch ${agent.branch}, commit ${agent.pushedCommit}, exactly what the gates saw`,
  );
  terminal.line(`see it      git --git-dir=${repository.remote} log --stat main..${agent.branch}`);
  terminal.line(
    `took        ${duration(end.tookMs)}; everything is in ${end.folder}, remove it when you like`,
  );
  return EXIT.ok;
}

async function verdicts(client: OrchestratorClient, agentId: string): Promise<readonly GateVerdict[]> {
  const found: GateVerdict[] = [];
  const signal = AbortSignal.timeout(30_000);
  for await (const event of readEvents(client, agentId, { signal })) {
    if (event.type === "gates.verdict") found.push(EVENT_DATA["gates.verdict"].parse(event.data));
  }
  return found;
}
