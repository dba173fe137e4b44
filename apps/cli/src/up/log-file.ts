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
 * synchronously, so that a crash loses no line.
 */
export function createLogFile(home: string): LogFile {
  const path = join(home, "mosaic.log");
  let file: number | null = null;
  const open = (): number => {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(path, `${path}.1`);
    return openSync(path, "a", 0o600);
  };
  return {
    path,
    write: (line) => void writeSync((file ??= open()), line),
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
