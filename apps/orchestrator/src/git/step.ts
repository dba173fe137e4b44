import type { CleanupStep } from "./port.ts";

/** Runs one step of a clean-up; what it throws becomes its report. */
export async function step(name: string, action: () => Promise<string | undefined>): Promise<CleanupStep> {
  try {
    const detail = await action();
    return detail === undefined ? { name, ok: true } : { name, ok: true, detail };
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
