import { Command } from "commander";
import type { Act } from "./act.ts";
import { addControlCommands } from "./control-commands.ts";
import { addDbCommands } from "./db-commands.ts";
import { addHelpCommand } from "./help-command.ts";
import { addImageCommands } from "./image-commands.ts";
import { addSecretCommands } from "./secret-commands.ts";
import { addWorkCommands } from "./work-commands.ts";

/** Options of every command. */
export interface GlobalFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly url?: string;
}

export interface ProgramOptions {
  readonly version: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Cells of the terminal, for help. */
  readonly width: number;
  readonly act: Act;
  /** The command line that starts this program, for hooks. */
  readonly self: readonly string[];
  /** `mosaic up`, which is loaded only when it is wanted: it brings the three planes. */
  readonly up: (flags: GlobalFlags) => Promise<void>;
}

/** The command line: commands, options, help. Throws CommanderError instead of ending the process. */
export function createProgram(options: ProgramOptions): Command {
  const program = new Command("mosaic")
    .description("Agents that work in isolation, pass quality gates, and can be stopped at once.")
    .version(options.version, "-V, --version", "print the version")
    .option("--json", "print the result as JSON (one object; one a line for streams)")
    .option("-q, --quiet", "no hints, only the result and errors")
    .option("--url <address>", "where the orchestrator is (MOSAIC_URL)")
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError("(--help shows how)")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: options.stdout,
      writeErr: options.stderr,
      getOutHelpWidth: () => options.width,
      getErrHelpWidth: () => options.width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      "before",
      [
        "Examples:",
        "  $ mosaic up                                             start the three planes here",
        '  $ mosaic run --repo . "Fix the failing test" --follow   from a second terminal',
        "  $ mosaic ls                                             what there is",
        "",
      ].join("\n"),
    )
    .addHelpText(
      "after",
      "\n`mosaic help <command>` says more; `mosaic help exit-codes` lists the exit codes.",
    );
  program
    .command("up")
    .description("start coordinator, orchestrator and api in this process")
    .action(() => options.up(program.opts<GlobalFlags>()));
  addWorkCommands(program, options.act);
  addControlCommands(program, options.act);
  addSecretCommands(program, options.act, options.self);
  addDbCommands(program, options.act);
  addImageCommands(program, options.act);
  addHelpCommand(program, options.stdout);
  return program;
}
