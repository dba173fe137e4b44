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

const PUSH: Readonly<Record<NonNullable<KillReceipt["push"]>, string>> = {
  not_begun: "no push had begun, and none can",
  not_reached: "a push had begun, and did not reach the remote",
  reached: "a push had reached the remote before the kill",
  unknown: "a push had begun, and the remote could not be asked: look at its branch",
};

/** A receipt in full: each step with its time, what became of a push, and what is left. */
export function receiptDetails(raw: KillReceipt, paint: Paint): string[] {
  const receipt = cleanDeep(raw);
  return [
    ...receipt.steps.map((step) => {
      const text = `${duration(step.atMs)}  ${step.name}${step.detail === undefined ? "" : `: ${step.detail}`}`;
      return step.ok ? text : paint("bad", `${text} (failed)`);
    }),
    ...(receipt.push === undefined ? [] : [PUSH[receipt.push]]),
    ...(receipt.residual.length === 0
      ? ["nothing is left"]
      : receipt.residual.map((item) => paint("bad", `left: ${item}`))),
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
    ...answer.silent.map(({ instanceId, host, url }) =>
      paint(
        "bad",
        `no answer from orchestrator ${instanceId.slice(0, 8)} on ${host} (${url}): the order waits for it`,
      ),
    ),
    answer.message,
  ];
}
