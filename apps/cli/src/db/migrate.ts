import { lookAtServers, migrateDatabase } from "@mosaic/store/transfer";
import type { CommandContext } from "../commands/context.ts";
import { CliError, EXIT } from "../exit.ts";
import { checkLines } from "../render/check-lines.ts";
import { count } from "../render/units.ts";
import { requireServers } from "./place.ts";
import { told } from "./told.ts";

/** `mosaic db migrate`: brings PostgreSQL to the newest schema, and looks at both servers. */
export async function migrateCommand(context: CommandContext): Promise<void> {
  const { terminal, env } = context;
  const { place, name } = await requireServers(env);
  terminal.say(`looking at ${name}`);
  const { from, to } = await told(migrateDatabase(place));
  const findings = await told(lookAtServers(place));
  const broken = findings.filter(({ outcome }) => outcome === "broken").length;
  if (terminal.json) terminal.jsonLine({ ok: broken === 0, schema: { from, to }, checks: findings });
  else {
    terminal.line(
      from === to ? `PostgreSQL has the newest schema, ${to}` : `PostgreSQL: schema ${from} → ${to}`,
    );
    const checks = findings.map(({ about, outcome, detail }) => ({ name: about, outcome, detail }));
    terminal.lines(checkLines(checks, terminal.paint));
  }
  if (broken > 0) throw new CliError(EXIT.failure, `${count(broken, "thing")} broken`);
}
