import { CostGrouping } from "@mosaic/contracts";
import { type Command, Option } from "commander";
import { type AuditFlags, auditList, auditVerify } from "../commands/audit.ts";
import { cancel } from "../commands/cancel.ts";
import { costs, type CostsFlags } from "../commands/costs.ts";
import { doctor } from "../commands/doctor.ts";
import { installRuntime } from "../commands/install-runtime.ts";
import { kill, type KillFlags } from "../commands/kill.ts";
import { forgetOrchestrator, orchestrators } from "../commands/orchestrators.ts";
import { queueStats, switchQueue } from "../commands/queue.ts";
import { listRuntimes } from "../commands/runtimes.ts";
import { type Act, examples } from "./act.ts";
import { date, wholeNumber } from "./read-values.ts";

/** Commands that stop, hold and examine. */
export function addControlCommands(program: Command, act: Act): void {
  program
    .command("kill [agent]")
    .description("stop an agent at once, and show what that left")
    .option("--all", "stop every agent that has not ended")
    .option("--reason <text>", "why; kept in the audit log")
    .option("-y, --yes", "do not ask before --all")
    .addHelpText(
      "before",
      examples("mosaic kill 3f2a", "mosaic kill --all", "mosaic kill --all --yes --reason drill"),
    )
    .action(act((context, id: string | undefined, flags: KillFlags) => kill(context, id, flags)));
  program
    .command("cancel <agent>")
    .description("ask an agent to stop; it is killed when it does not in its grace")
    .option("--reason <text>", "why; kept in the audit log")
    .addHelpText("before", examples("mosaic cancel 3f2a", "mosaic cancel 3f2a --reason 'no longer wanted'"))
    .action(act((context, id: string, flags: { reason?: string }) => cancel(context, id, flags)));
  addAudit(program, act);
  addQueue(program, act);
  addCosts(program, act);
  addOrchestrators(program, act);
  addRuntimes(program, act);
  program
    .command("doctor")
    .description("look at what Mosaic needs; exit code 1 when something is broken")
    .addHelpText("before", examples("mosaic doctor", "mosaic doctor --json"))
    .action(
      act((context) => doctor(context, async () => (await import("../up/doctor-probes.ts")).doctorProbes)),
    );
}

function addOrchestrators(program: Command, act: Act): void {
  const list = program
    .command("orchestrators")
    .description("show the orchestrators of this installation, and which of them are alive")
    .addHelpText("before", examples("mosaic orchestrators", "mosaic orchestrators forget 3f2a"))
    .action(act((context) => orchestrators(context)));
  list
    .command("forget <id>")
    .description("give up an orchestrator that will not come back; its tasks go on elsewhere")
    .option("--reason <text>", "why; kept in the audit log")
    .action(act((context, id: string, flags: { reason?: string }) => forgetOrchestrator(context, id, flags)));
}

function addRuntimes(program: Command, act: Act): void {
  const runtime = program.command("runtime").description("show the ways to run agents, and install them");
  runtime
    .command("ls")
    .description("list them, and what those that cannot be used need")
    .addHelpText("before", examples("mosaic runtime ls", "mosaic runtime ls --json"))
    .action(act((context) => listRuntimes(context)));
  runtime
    .command("install <name>")
    .description("install what a runtime needs, on this machine")
    .addHelpText("before", examples("mosaic runtime install claude-code"))
    .action(act((context, name: string) => installRuntime(context, name)));
}

function addCosts(program: Command, act: Act): void {
  program
    .command("costs")
    .description("show what was spent, what is held, and what the budgets leave")
    .addOption(new Option("--by <what>", "one line for each").choices(CostGrouping.options).default("day"))
    .option("--since <date>", "first day that counts (YYYY-MM-DD, UTC)", date)
    .option("--limit <n>", "how many lines", wholeNumber(1, 1000), 20)
    .addHelpText(
      "before",
      examples(
        "mosaic costs",
        "mosaic costs --by repository --since 2026-11-01",
        "mosaic costs --by agent --json",
      ),
    )
    .action(act((context, flags: CostsFlags) => costs(context, flags)));
}

function addAudit(program: Command, act: Act): void {
  const audit = program
    .command("audit")
    .description("read the log of who did what, or prove that it was not changed")
    .addHelpText("before", examples("mosaic audit list", "mosaic audit verify"));
  audit
    .command("list")
    .description("entries, oldest first")
    .option("--limit <n>", "how many", wholeNumber(1, 1_000_000), 100)
    .option("--after <n>", "only entries after this number", wholeNumber(0, 999_999_999), 0)
    .action(act((context, flags: AuditFlags) => auditList(context, flags)));
  audit
    .command("verify")
    .description(
      "recompute the chain; exit code 1, and the first entry that does not fit, when it was changed",
    )
    .action(act((context) => auditVerify(context)));
}

function addQueue(program: Command, act: Act): void {
  const queue = program
    .command("queue")
    .description("look at the queue, hold it, let it go on")
    .addHelpText("before", examples("mosaic queue stats", "mosaic queue pause", "mosaic queue resume"));
  queue
    .command("stats")
    .description("counts and limits")
    .action(act((context) => queueStats(context)));
  queue
    .command("pause")
    .description("claim no further task; running agents go on")
    .action(act((context) => switchQueue(context, "pause")));
  queue
    .command("resume")
    .description("claim tasks again")
    .action(act((context) => switchQueue(context, "resume")));
}
