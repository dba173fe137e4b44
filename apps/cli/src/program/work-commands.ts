import { AgentStateName, AgentType, GateProfileName } from "@mosaic/contracts";
import { type Command, Option } from "commander";
import { diff } from "../commands/diff.ts";
import { logs } from "../commands/logs.ts";
import { ls, type LsFlags } from "../commands/ls.ts";
import { restore, type RestoreFlags } from "../commands/restore.ts";
import { run, type RunFlags } from "../commands/run.ts";
import { show } from "../commands/show.ts";
import { type Act, examples } from "./act.ts";
import { amount, collect, gateList, wholeNumber } from "./read-values.ts";

/** Commands that give work and look at it. */
export function addWorkCommands(program: Command, act: Act): void {
  addRun(program, act);
  addLs(program, act);
  program
    .command("show <agent>")
    .description("show everything about an agent")
    .addHelpText("before", examples("mosaic show 3f2a", "mosaic show 3f2a --json"))
    .action(act((context, id: string) => show(context, id)));
  program
    .command("logs <agent>")
    .description("show what happened to an agent and what it did")
    .option("-f, --follow", "go on until the agent, or the attempt that retries it, ends")
    .addHelpText(
      "before",
      examples("mosaic logs 3f2a", "mosaic logs 3f2a -f", "mosaic logs 3f2a --json | jq .type"),
    )
    .action(act((context, id: string, flags: { follow?: boolean }) => logs(context, id, flags)));
  program
    .command("diff <agent>")
    .description("print what an agent changed, as a patch")
    .addHelpText("before", examples("mosaic diff 3f2a", "mosaic diff 3f2a | git apply"))
    .action(act((context, id: string) => diff(context, id)));
  program
    .command("restore <agent>")
    .description("put what was saved of an agent's work into a new folder")
    .option("--to <folder>", "where; it must be new or empty (default: mosaic-restore-<id>)")
    .option("--snapshot <n>", "what turn n ended with, instead of the last files", wholeNumber(1, 100_000))
    .option("--ref <name>", "one of the names --list shows")
    .option("--list", "only show what there is")
    .addHelpText(
      "before",
      examples("mosaic restore 3f2a", "mosaic restore 3f2a --to ./rescued", "mosaic restore 3f2a --list"),
    )
    .action(act((context, id: string, flags: RestoreFlags) => restore(context, id, flags)));
}

function addRun(program: Command, act: Act): void {
  program
    .command("run [work-items...]")
    .description("give a task to an agent and print the agent's id")
    // Required all the same, but asked for after everything else was read: commander would ask before it tells of a typo.
    .option("--repo <url or path>", "https://…, ssh://…, or a path on the server's machine")
    .option("--branch <name>", "the branch the work starts from", "main")
    .addOption(new Option("--agent-type <type>", "who does it").choices(AgentType.options).default("worker"))
    .addOption(new Option("--profile <name>", "which gates must pass").choices(GateProfileName.options))
    .option("--gates <names>", "the gates of the custom profile, between commas", gateList)
    .option("--task-id <id>", "name of the task; repeating it repeats nothing")
    .option("--priority <n>", "1 to 10, higher is sooner", wholeNumber(1, 10))
    .option("--timeout <seconds>", "the longest an attempt may take", wholeNumber(1, 86_400))
    .option("--retries <n>", "attempts after a fault of the machinery", wholeNumber(0, 10))
    .option("--model <id>", "one of the server's models")
    .option("--runtime <name>", "what runs the agent; `mosaic runtime ls` lists them")
    .option("--budget <usd>", "US dollars that the task may cost in all its attempts", amount)
    .option("--memory <mb>", "megabytes of the agent's sandbox", wholeNumber(64, 1_048_576))
    .option(
      "--egress <host:port>",
      "what the agent may reach, where the server allows it; may be repeated",
      collect,
    )
    .option("--skill <name>", "a skill the agent is told to use; may be repeated", collect)
    .option("-f, --follow", "show what the agent does until it ends (exit code 5 when it does not complete)")
    .addHelpText(
      "before",
      examples(
        'mosaic run --repo . "Fix the failing test" --follow',
        'mosaic run --repo https://example.com/team/app.git --branch develop --profile strict "Add a health check"',
        "mosaic run --repo . - < task.md",
      ),
    )
    .action(act((context, items: string[], flags: RunFlags) => run(context, items, flags)));
}

function addLs(program: Command, act: Act): void {
  const statuses = AgentStateName.options;
  program
    .command("ls")
    .description("list agents, newest first")
    .addOption(new Option("--status <status...>", "only agents in this state").choices(statuses))
    .option("--limit <n>", "how many", wholeNumber(1, 100_000), 20)
    .option("--all", "all of them")
    .addHelpText("before", examples("mosaic ls", "mosaic ls --status running", "mosaic ls --all --json"))
    .action(act((context, flags: LsFlags) => ls(context, flags)));
}
