import { stat } from "node:fs/promises";

/** Whether a path leads to something that may be looked at. */
export async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
