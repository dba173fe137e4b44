import { findAgentId, readAgentId } from "../connect/find-agent.ts";
import { patchLines } from "../render/patch.ts";
import { noPaint } from "../terminal/paint.ts";
import type { CommandContext } from "./context.ts";

/** `mosaic diff`: the agent's newest snapshot against its base, as a patch. */
export async function diff(context: CommandContext, id: string): Promise<void> {
  const { terminal, signal } = context;
  const wanted = readAgentId(id);
  const client = await context.connect();
  const agentId = await findAgentId(client, wanted, signal);
  const answer = await client.call("getAgentDiff", { params: { agentId } }, { signal });
  if (terminal.json) return terminal.jsonLine(answer);
  if (answer.patch === "") terminal.say("the snapshot changes nothing");
  // A pipe gets every byte, for `git apply`; a terminal must not obey what a file contains.
  if (terminal.isTerminal || terminal.paint !== noPaint)
    terminal.lines(patchLines(answer.patch, terminal.paint));
  else terminal.raw(answer.patch);
  if (answer.truncated) {
    terminal.warn(
      "the patch is too large and was cut; it does not apply as it is. The pushed branch has all of it",
    );
  }
}
