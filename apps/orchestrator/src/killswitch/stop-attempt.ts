import type { SandboxProcess } from "@mosaic/sandbox";
import type { Services } from "../services.ts";
import { type Execution, StopSignal } from "../spawner/registry.ts";
import type { ReceiptBuilder } from "./receipt.ts";
import { within } from "./within.ts";

/** Before anything else: the attempt may neither push nor write from now on. */
export function forbid(execution: Execution): void {
  execution.killed = true;
  execution.stop.abort(new StopSignal("killed"));
}

/**
 * Sandboxes and socket at the same time; then the attempt itself, which has nothing left to wait for.
 * @returns whether the attempt has stopped within the limit (milliseconds)
 */
export async function stopAttempt(
  services: Services,
  execution: Execution,
  { receipt, limitMs }: { readonly receipt: ReceiptBuilder; readonly limitMs: number },
): Promise<boolean> {
  forbid(execution);
  const begun = execution.pushing;
  await Promise.all([
    receipt.step("push forbidden", async () => (begun ? "a push had begun" : null)),
    receipt.step("socket revoked", () => revoke(execution, receipt)),
    receipt.step("sandbox killed", () => killSandboxes(services, execution, receipt)),
  ]);
  const { done } = await within(execution.settled, limitMs);
  await receipt.step("attempt stopped", async () => {
    if (!done) receipt.left("attempt still stopping: the kill is finished as soon as it has stopped");
    // A sandbox or socket that came up while the order was on its way is taken down as well.
    await Promise.all([revoke(execution, receipt), killSandboxes(services, execution, receipt)]);
    return done ? null : `not within ${limitMs} ms`;
  });
  return done;
}

async function revoke(execution: Execution, receipt: ReceiptBuilder): Promise<null> {
  const [revoked, closed] = await Promise.all([execution.door?.revoke(), execution.egress?.close()]);
  if (revoked?.gone === false) receipt.left("the agent's gateway socket");
  if (closed?.gone === false) receipt.left("the agent's egress socket");
  return null;
}

/** The agent's own sandbox, and every other that works for it here: snapshots, and gates where planes share a process. */
async function killSandboxes(
  services: Services,
  execution: Execution,
  receipt: ReceiptBuilder,
): Promise<string | null> {
  const others = sandboxesOf(services, execution.agentId);
  const outcomes = await Promise.all([execution.session?.kill(), ...others.map((process) => process.kill())]);
  for (const outcome of outcomes) {
    for (const pid of outcome?.survivors ?? []) receipt.left(`process ${pid}`);
  }
  return others.length === 0 ? null : others.map(({ label }) => label).join(", ");
}

/** Sandboxes that carry the agent's id in their label and have not ended. */
export function sandboxesOf(services: Pick<Services, "sandbox">, agentId: string): readonly SandboxProcess[] {
  return services.sandbox.list().filter(({ label }) => label.split(":").includes(agentId));
}
