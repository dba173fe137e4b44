import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttemptFailure } from "@mosaic/domain";
import type { Mount } from "@mosaic/sandbox";
import type { CommandConfig } from "../configured/read-file.ts";

const FOLDER = "/run/mosaic-prompt";
/** The prompt, inside. */
export const PROMPT_FILE = `${FOLDER}/prompt.txt`;
const EMPTY_FILE = `${FOLDER}/empty`;
/** Linux takes no argument of 128 KiB or more (MAX_ARG_STRLEN); the rest is room for the words around it. */
const MAX_ARGUMENT_BYTES = 120_000;

export interface PlacedPrompt {
  readonly mounts: readonly Mount[];
  /** The file inside that the program reads as its standard input. */
  readonly stdin: string;
  readonly remove: () => Promise<void>;
}

/** Puts a prompt where the program reads it. @throws AttemptFailure `runtime` when it is too long for an argument */
export async function placePrompt(
  config: Pick<CommandConfig, "prompt">,
  prompt: string,
): Promise<PlacedPrompt> {
  if (config.prompt === "argument" && Buffer.byteLength(prompt) > MAX_ARGUMENT_BYTES) {
    throw new AttemptFailure(
      "runtime",
      `the prompt is longer than ${MAX_ARGUMENT_BYTES} bytes, which no argument can hold: set prompt 'file' or 'stdin'`,
    );
  }
  const place = await mkdtemp(join(tmpdir(), "mosaic-prompt-"));
  const remove = (): Promise<void> => rm(place, { recursive: true, force: true });
  // The place is ours alone; what is in it can be read by whatever user the sandbox has.
  const folder = join(place, "inside");
  try {
    await mkdir(folder, { mode: 0o755 });
    await writeFile(join(folder, "prompt.txt"), prompt, { mode: 0o644 });
    await writeFile(join(folder, "empty"), "", { mode: 0o644 });
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    mounts: [{ source: folder, target: FOLDER, writable: false }],
    stdin: config.prompt === "stdin" ? PROMPT_FILE : EMPTY_FILE,
    remove,
  };
}
