import type { Gate } from "@mosaic/domain";

/** What a gate runs. */
export interface GateCommand {
  /** What people see. */
  readonly command: string;
  /** What `sh -c` gets, in the root of the checkout. */
  readonly script: string;
  /** Where the command comes from, for people. */
  readonly source: string;
  /** What people should know of this run, e.g. that the commit changed the script. */
  readonly notes: readonly string[];
}

/** Commands found for a repository, and files they need: mounted read-only at `HARNESS` in the sandbox. */
export interface Detection {
  readonly commands: Partial<Record<Gate, GateCommand>>;
  /** Path below `HARNESS` → content; files in `bin/` are executable. */
  readonly harness: ReadonlyMap<string, string>;
  /** Scripts of the base commit that commands may call: name → text. */
  readonly scripts?: Readonly<Record<string, string>>;
}

/** Where the checkout is, in every gate's sandbox. Commands find it as `$MOSAIC_TREE`: without a sandbox it is elsewhere. */
export const TREE = "/tree";
/** Where files that come from the base commit and from us are, read-only; `$MOSAIC_HARNESS` for commands. */
export const HARNESS = "/mosaic";

export const NOTHING_DETECTED: Detection = { commands: {}, harness: new Map() };

/** A command that is shown as it is run. */
export function plainCommand(command: string, source: string, notes: readonly string[] = []): GateCommand {
  return { command, script: command, source, notes };
}

/** `text` as one word of a POSIX shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Earlier ones win, gate by gate. */
export function mergeDetections(detections: readonly Detection[]): Detection {
  const commands: Partial<Record<Gate, GateCommand>> = {};
  const harness = new Map<string, string>();
  const scripts = detections.find((detection) => detection.scripts !== undefined)?.scripts;
  for (const detection of detections) {
    for (const [gate, command] of Object.entries(detection.commands)) {
      commands[gate as Gate] ??= command;
    }
    for (const [path, content] of detection.harness) if (!harness.has(path)) harness.set(path, content);
  }
  return { commands, harness, ...(scripts === undefined ? {} : { scripts }) };
}
