import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A larger log is put aside at the next start; one old log is kept. */
const MAX_BYTES = 20_000_000;

export interface LogFile {
  readonly path: string;
  write(line: string): void;
  close(): void;
}

/**
 * The log of `mosaic up`, in the data folder. Opened by the first line, when the folder is there and ours; written
 * synchronously, so that a crash loses no line. What a full disk does not take is dropped and counted: agents must not
 * die because nobody can be told about them. The next line that fits says how many are missing.
 */
export function createLogFile(home: string): LogFile {
  const path = join(home, "mosaic.log");
  let file: number | null = null;
  let dropped = 0;
  let why = "";
  const open = (): number => {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(path, `${path}.1`);
    return openSync(path, "a", 0o600);
  };
  const write = (text: string): void => void writeSync((file ??= open()), text);
  return {
    path,
    write(line) {
      try {
        if (dropped > 0) write(gap(dropped, why));
        dropped = 0;
        write(line);
      } catch (error) {
        dropped += 1;
        why = error instanceof Error ? error.message : String(error);
      }
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

/** Begins with a line break: the line before may have been cut where the space ended. Level 40 is a warning. */
function gap(lines: number, why: string): string {
  const msg = `${lines} log lines could not be written: ${why}`;
  return `\n${JSON.stringify({ level: 40, time: new Date().toISOString(), name: "mosaic", msg })}\n`;
}
