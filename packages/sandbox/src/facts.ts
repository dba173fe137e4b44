import type { HeldLimits, Sandbox } from "./port.ts";

/** What a sandbox is worth here: what every surface tells of it. */
export interface SandboxFacts {
  readonly name: Sandbox["name"];
  readonly isolates: boolean;
  readonly limits: HeldLimits;
}

/** @throws when its engine does not answer */
export async function sandboxFacts(sandbox: Sandbox): Promise<SandboxFacts> {
  const { name, isolates } = sandbox;
  return { name, isolates, limits: await sandbox.heldLimits() };
}
