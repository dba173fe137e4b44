import type { Command } from "commander";
import { EXIT_MEANINGS, usageError } from "../exit.ts";

/** Pages that belong to no command. */
const TOPICS: Readonly<Record<string, () => string>> = {
  "exit-codes": () =>
    [
      "Exit codes:",
      ...EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
      "",
    ].join("\n"),
  environment: () =>
    [
      "Environment of the client:",
      "  MOSAIC_URL     where the orchestrator is; default http://127.0.0.1:3001 (--url wins)",
      "  MOSAIC_TOKEN   the token; default: the file cli-token of the data folder",
      "  MOSAIC_HOME    the data folder; default ~/.mosaic",
      "  NO_COLOR       set: no colours; FORCE_COLOR set: colours even when there is no terminal",
      "",
      "`mosaic up` reads more: docs/reference/configuration.md lists everything.",
      "",
    ].join("\n"),
};

/** `mosaic help`, `mosaic help <command>`, `mosaic help exit-codes`. */
export function addHelpCommand(program: Command, print: (text: string) => void): void {
  program
    .helpCommand(false)
    .command("help [topic...]")
    .description(`help on a command, or on ${Object.keys(TOPICS).join(" or ")}`)
    .action((words: string[]) => {
      const topic = words.join(" ");
      if (Object.hasOwn(TOPICS, topic)) print(TOPICS[topic]?.() ?? "");
      else findCommand(program, words).outputHelp();
    });
}

function findCommand(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) {
      const names = [...program.commands.map((known) => known.name()), ...Object.keys(TOPICS)];
      throw usageError(`there is no help on '${words.join(" ")}'`, `There is help on: ${names.join(", ")}.`);
    }
    command = next;
  }
  return command;
}
