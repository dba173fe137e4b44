import type { SandboxChoice } from "./choose.ts";

export interface OrphanLog {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/**
 * Removes what killed processes of Mosaic left running here; to be done before work is taken. What cannot be removed is
 * said, and does not keep a start from going on: the kill switch must come up.
 */
export async function clearOrphans(choice: SandboxChoice, log: OrphanLog): Promise<void> {
  if (!choice.ok) return;
  try {
    const removed = await choice.sandbox.removeOrphans();
    if (removed.length > 0) log.info({ removed }, "sandboxes were removed whose process is gone");
  } catch (error) {
    log.error(
      { err: error },
      "sandboxes that a killed process left could not be removed; look for them by hand",
    );
  }
}
