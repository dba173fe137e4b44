import { queuePage } from "../render/queue-page.ts";
import type { CommandContext } from "./context.ts";

/** `mosaic queue stats`: counts and limits. */
export async function queueStats(context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const stats = await client.call("queueStats", undefined, { signal });
  if (terminal.json) terminal.jsonLine(stats);
  else terminal.lines(queuePage(stats, terminal.paint));
}

/** `mosaic queue pause` and `resume`. */
export async function switchQueue(context: CommandContext, verb: "pause" | "resume"): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const route = verb === "pause" ? "pauseQueue" : "resumeQueue";
  const answer = await client.call(route, undefined, { signal });
  if (terminal.json) return terminal.jsonLine(answer);
  terminal.line(answer.paused ? "paused" : "running");
  if (answer.changed === false)
    return terminal.say(answer.paused ? "it was paused already" : "it was not paused");
  terminal.say(
    answer.paused
      ? "running agents go on; `mosaic queue resume` claims tasks again"
      : "tasks are claimed again",
  );
}
