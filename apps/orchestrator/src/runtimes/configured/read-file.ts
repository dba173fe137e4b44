import { readFile } from "node:fs/promises";
import { RUNTIME_NAME } from "@mosaic/domain";
import { z } from "zod";

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ABSOLUTE = /^\/[^\0]*$/;
const absolute = z.string().regex(ABSOLUTE, "must be an absolute path");
/** Names of runtimes that come with Mosaic. */
const TAKEN = ["sdk-worker", "claude-code"];

/** What every runtime of the file has. */
const Program = z.strictObject({
  /** The program and its arguments, as they are inside. */
  command: z.tuple([z.string().min(1)], z.string()),
  env: z.record(z.string(), z.string()).default({}),
  /** Host folders that are mounted read-only. */
  folders: z.array(z.strictObject({ from: absolute, to: absolute })).default([]),
  /** Shown to people; of the installed program. */
  version: z.string().min(1).max(100).default("not stated"),
  /** Told to people who find it is not installed. */
  install: z.string().min(1).max(500).optional(),
  memoryMb: z.int().min(64).max(1_048_576).optional(),
  /** Milliseconds an agent may take until it is ready. */
  startTimeoutMs: z.int().min(100).max(600_000).default(60_000),
});

const Acp = Program.extend({ kind: z.literal("acp") });
const Command = Program.omit({ startTimeoutMs: true }).extend({
  kind: z.literal("command"),
  /** How the program gets its prompt. A file or an argument is where `{{prompt_file}}` or `{{prompt}}` stands. */
  prompt: z.enum(["stdin", "file", "argument"]).default("stdin"),
});

const RuntimesFile = z.record(z.string(), z.discriminatedUnion("kind", [Acp, Command]));

export type ProgramConfig = Omit<z.infer<typeof Command>, "kind" | "prompt">;
export type AcpConfig = z.infer<typeof Acp>;
export type CommandConfig = z.infer<typeof Command>;
export type ConfiguredRuntime = readonly [name: string, config: AcpConfig | CommandConfig];

/**
 * Reads the owner's further runtimes (MOSAIC_RUNTIMES_FILE).
 *
 * @param findSecret names the rule of a secret in a text, or null: what is in this file reaches agents
 * @throws Error naming the file and everything that is wrong with it
 */
export async function readRuntimesFile(
  file: string,
  findSecret: (text: string) => string | null,
): Promise<readonly ConfiguredRuntime[]> {
  const wrong = (why: string): Error => new Error(`MOSAIC_RUNTIMES_FILE: ${file} cannot be used: ${why}`);
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
  const parsed = RuntimesFile.safeParse(content);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error));
  const runtimes = Object.entries(parsed.data);
  const problems = runtimes.flatMap(([name, config]) => problemsOf(name, config, findSecret));
  if (problems.length > 0) throw wrong(problems.join("; "));
  return runtimes;
}

function problemsOf(
  name: string,
  config: AcpConfig | CommandConfig,
  findSecret: (text: string) => string | null,
): string[] {
  const problems: string[] = [];
  const problem = (why: string): void => void problems.push(`${name}: ${why}`);
  if (!RUNTIME_NAME.test(name))
    problem("a name is 1 to 64 lower-case letters, digits and hyphens, a letter first");
  if (TAKEN.includes(name)) problem("this runtime comes with Mosaic; choose another name");
  const variable = Object.keys(config.env).find((key) => !VARIABLE.test(key));
  if (variable !== undefined) problem(`'${variable}' is no name of a variable`);
  const texts = [...config.command, ...Object.values(config.env)];
  const secret = texts.map(findSecret).find((rule) => rule !== null);
  if (secret !== undefined) problem(`it holds what looks like a secret (${secret}), which agents would see`);
  if (config.kind === "acp" || config.prompt === "stdin") return problems;
  const place = config.prompt === "file" ? "{{prompt_file}}" : "{{prompt}}";
  if (!config.command.some((word) => word.includes(place)))
    problem(`prompt '${config.prompt}' needs ${place} in its command`);
  return problems;
}
