import { adoptValkey, type Remembered } from "@mosaic/store/transfer";
import type { CommandContext } from "../commands/context.ts";
import { usageError } from "../exit.ts";
import { count, dollars, number } from "../render/units.ts";
import { mover } from "./mover.ts";
import { requireServers } from "./place.ts";
import { told } from "./told.ts";

export interface AdoptFlags {
  readonly acceptEmpty?: boolean;
  readonly reason: string;
}

/** `mosaic db adopt`: goes on with an empty Valkey where the one before was emptied or exchanged. */
export async function adoptCommand(context: CommandContext, flags: AdoptFlags): Promise<void> {
  const { terminal, env, now } = context;
  if (flags.acceptEmpty !== true)
    throw usageError(
      "--accept-empty is missing",
      "Tasks, agents and events that were in the old Valkey are given up for good. Bring its data back if you can.",
    );
  if (flags.reason.trim() === "") throw usageError("--reason must say why");
  const { place, name } = await requireServers(env);
  terminal.say(`looking at ${name}`);
  const adoption = await told(
    adoptValkey(place, {
      ...mover(now),
      reason: flags.reason,
      onRemembered: (remembered) => {
        for (const line of rememberedLines(remembered)) terminal.say(line);
      },
    }),
  );
  if (terminal.json) return terminal.jsonLine(adoption);
  terminal.line(
    `the empty Valkey is this installation's now (epoch ${adoption.epoch}, before ${adoption.former})`,
  );
  terminal.say("the audit log says who accepted that and why; start the orchestrators again");
}

function rememberedLines(remembered: Remembered): readonly string[] {
  const { agents, tasks, spentUsd, reservations, auditEntries, lastAudit } = remembered;
  return [
    `PostgreSQL remembers ${count(tasks, "task")} with ${count(agents, "agent")} that spent ${dollars(spentUsd)},`,
    `${count(reservations, "open reservation")}, and ${number(auditEntries)} audit entries${lastAudit === null ? "" : `, the last of ${lastAudit}`};`,
    "what their state was, and which tasks waited, nobody knows any more",
  ];
}
