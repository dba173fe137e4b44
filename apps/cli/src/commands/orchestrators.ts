import { CliError, EXIT } from "../exit.ts";
import { orchestratorLines } from "../render/orchestrator-lines.ts";
import { count } from "../render/units.ts";
import type { CommandContext } from "./context.ts";

/** `mosaic orchestrators`: those that share this installation, and which of them are alive. */
export async function orchestrators(context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const { items } = await client.call("listOrchestrators", undefined, { signal });
  if (terminal.json) return terminal.jsonLine({ items });
  terminal.lines(orchestratorLines(items, { paint: terminal.paint, width: terminal.width }));
  if (items.some(({ alive }) => !alive))
    terminal.say("one that will not come back is given up with `mosaic orchestrators forget <id>`");
}

/** `mosaic orchestrators forget`: gives up one that will not come back. */
export async function forgetOrchestrator(
  context: CommandContext,
  id: string,
  flags: { readonly reason?: string },
): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const { items } = await client.call("listOrchestrators", undefined, { signal });
  const found = items.filter(({ instanceId }) => instanceId.startsWith(id));
  const [first] = found;
  if (first === undefined)
    throw new CliError(EXIT.failure, `there is no orchestrator '${id}'`, {
      hints: ["`mosaic orchestrators` lists them."],
    });
  if (found.length > 1) throw new CliError(EXIT.usage, `'${id}' fits more than one orchestrator`);
  const answer = await client.call(
    "forgetOrchestrator",
    {
      params: { instanceId: first.instanceId },
      ...(flags.reason === undefined ? {} : { body: { reason: flags.reason } }),
    },
    { signal },
  );
  if (terminal.json) return terminal.jsonLine(answer);
  terminal.line(`${first.instanceId} on ${first.host} is given up`);
  if (answer.killed.length > 0)
    terminal.say(`${count(answer.killed.length, "agent")} whose kill it could not confirm ended with that`);
}
