import { createScanner } from "@mosaic/secrets";
import type { CommandContext } from "../commands/context.ts";
import { CliError, EXIT } from "../exit.ts";
import { cleanLine } from "../terminal/clean.ts";
import { connectImageEngine, type EngineImage } from "./engine.ts";
import { inspectFiles } from "./inspect-files.ts";
import { socketOf } from "./socket.ts";

export interface CheckFlags {
  readonly socket?: string;
}

/** Findings of one kind that are listed; the rest is counted. */
const LISTED = 20;

/**
 * `mosaic image check`: what can be said of an image without running it or asking anybody: its user, its health check,
 * programs with another user's rights, files everybody may write, secrets in its files and variables. Exit code 1 when
 * something is wrong.
 */
export async function checkImage(context: CommandContext, tag: string, flags: CheckFlags): Promise<void> {
  const { terminal } = context;
  const engine = await connectImageEngine(socketOf(context, flags.socket));
  const image = await engine.inspect(tag);
  if (image === null) {
    const hints = ["mosaic image build makes one; mosaic image ls lists them."];
    throw new CliError(EXIT.failure, `the engine has no image ${tag}`, { hints });
  }
  const problems = [...settingProblems(image)];
  let files = 0;
  let scanned = 0;
  await engine.files(image.id, async (archive) => {
    const looked = await inspectFiles(archive);
    files = looked.files;
    scanned = looked.scanned;
    problems.push(
      ...looked.problems.map(({ kind, where, what }) => `${kind}: ${cleanLine(where)} (${what})`),
    );
  });
  if (terminal.json) terminal.jsonLine({ tag, id: image.id, files, scanned, problems });
  else {
    terminal.lines(problems.slice(0, LISTED));
    if (problems.length > LISTED) terminal.line(`… ${problems.length - LISTED} more`);
    terminal.say(`${files} files, ${scanned} of them looked through for secrets`);
    if (problems.length === 0) terminal.line(`${tag}: nothing wrong was found`);
  }
  if (problems.length > 0) throw new CliError(EXIT.failure, `${tag} has ${problems.length} problems`);
}

function settingProblems({ user, healthy, env }: EngineImage): readonly string[] {
  const scanner = createScanner({ salt: "the findings are shown once and compared with nothing" });
  const [name = ""] = user.split(":");
  return [
    ...(["", "0", "root"].includes(name) ? ["user: its processes are root's; set USER"] : []),
    ...(healthy ? [] : ["health: it has no health check; set HEALTHCHECK"]),
    ...scanner.scanText(env.join("\n")).map(({ rule }) => `secret: in its variables (${rule})`),
  ];
}
