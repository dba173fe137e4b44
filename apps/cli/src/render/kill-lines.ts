import type { CallOutput } from "@mosaic/client";
import type { KillReceipt, orchestratorRoutes } from "@mosaic/contracts";
import { cleanDeep } from "../terminal/clean.ts";
import type { Paint } from "../terminal/paint.ts";
import { count, duration } from "./units.ts";

/** A kill's receipt: what was stopped, how long it took, and what is left. */
export function receiptLines(raw: KillReceipt, paint: Paint): string[] {
  const receipt = cleanDeep(raw);
  const clean = receipt.residual.length === 0;
  const failed = receipt.steps.filter((step) => !step.ok);
  return [
    `${paint(clean ? "good" : "bad", receipt.status)} ${receipt.agentId} in ${duration(receipt.durationMs)}; ${clean ? "nothing is left" : `${count(receipt.residual.length, "thing")} left:`}`,
    ...receipt.residual.map((item) => paint("bad", `  left: ${item}`)),
    ...failed.map((step) =>
      paint("warn", `  ${step.name} did not succeed${step.detail === undefined ? "" : `: ${step.detail}`}`),
    ),
  ];
}

/** The answer to a kill-all. */
export function killAllLines(
  raw: CallOutput<(typeof orchestratorRoutes)["killAll"]>,
  paint: Paint,
): string[] {
  const answer = cleanDeep(raw);
  return [
    ...answer.receipts.flatMap((receipt) => receiptLines(receipt, paint)),
    ...answer.errors.map((error) => paint("bad", `failed ${error.agentId}: ${error.error}`)),
    answer.message,
  ];
}
