import type { Command } from "commander";
import type { AdoptFlags } from "../db/adopt.ts";
import type { ExportFlags } from "../db/export.ts";
import { type Act, examples } from "./act.ts";

/** Looking after an installation's data, past every server. The store is loaded only when it is wanted. */
export function addDbCommands(program: Command, act: Act): void {
  const db = program
    .command("db")
    .description("move an installation between one machine and servers, and look after its servers")
    .addHelpText(
      "before",
      examples(
        "mosaic db export --to installation.jsonl",
        "VALKEY_URL=… DATABASE_URL=… mosaic db import installation.jsonl",
        "VALKEY_URL=… DATABASE_URL=… mosaic db migrate",
      ),
    );
  db.command("migrate")
    .description(
      "bring PostgreSQL to the newest schema and check Valkey; exit code 1 when something is broken",
    )
    .action(act(async (context) => (await import("../db/migrate.ts")).migrateCommand(context)));
  db.command("export")
    .description(
      "write an installation that does not run to one file (MOSAIC_HOME, or VALKEY_URL and DATABASE_URL)",
    )
    .option("--to <file>", "a file that is not there yet; default: standard output")
    .action(
      act(async (context, flags: ExportFlags) =>
        (await import("../db/export.ts")).exportCommand(context, flags),
      ),
    );
  db.command("import <file>")
    .description("put such a file into empty servers, or an empty data folder: wholly or not at all")
    .action(
      act(async (context, file: string) => (await import("../db/import.ts")).importCommand(context, file)),
    );
  db.command("adopt")
    .description("go on with an empty Valkey where the old one was emptied or exchanged; audited")
    .option("--accept-empty", "yes: tasks, agents and events of the old one are given up")
    .requiredOption("--reason <text>", "why; kept in the audit log")
    .action(
      act(async (context, flags: AdoptFlags) =>
        (await import("../db/adopt.ts")).adoptCommand(context, flags),
      ),
    );
}
