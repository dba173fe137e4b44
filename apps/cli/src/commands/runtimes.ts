import { runtimeLines } from "../render/runtime-lines.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { CommandContext } from "./context.ts";

/** `mosaic runtime ls`: the ways to run agents, and what those that cannot be used need. */
export async function listRuntimes(context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const { items } = await client.call("listRuntimes", undefined, { signal });
  if (terminal.json) return terminal.jsonLine({ items });
  terminal.lines(runtimeLines(items, { paint: terminal.paint, width: terminal.width }));
  for (const { name, remedy } of items)
    if (remedy !== undefined) terminal.say(cleanLine(`${name}: ${remedy}`));
}
