import { readFileSync } from "node:fs";

/** A small file of the kernel's, or null where it cannot be read: the process or group is gone, or this system has none. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
