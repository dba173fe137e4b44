import { TASK_STATES } from "@mosaic/domain";
import type { ChainPosition } from "../control/audit.ts";
import type { ControlPlace } from "../control/transfer/end.ts";
import { exportControl } from "../control/transfer/export.ts";
import { readLine } from "../control/transfer/lines.ts";
import type { StateStore } from "../state-store.ts";
import { EPOCH_FACT, SALT_FACT } from "../fact-names.ts";
import type { Line } from "./lines.ts";

const PAGE = 500;

/** Tasks, agents and events through the port, tasks first, events in order. */
export async function* readState(state: StateStore): AsyncGenerator<Line, void, undefined> {
  for (const task of await state.listTasks(TASK_STATES)) yield { kind: "task", task };
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await state.listAgents({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { agent } of page.items) yield { kind: "agent", agent };
    cursor = page.nextCursor;
  }
  let after = 0;
  for (;;) {
    const events = await state.eventsAfter({ after, limit: PAGE });
    for (const event of events) yield { kind: "event", event };
    const last = events.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/**
 * The control plane. Which Valkey belongs to it does not move with it.
 * @param salt of fingerprints, where it is kept beside the control plane
 */
export function readControl(place: ControlPlace, salt: string | null) {
  let audit: ChainPosition | null = null;
  async function* lines(): AsyncGenerator<Line, void, undefined> {
    if (salt !== null) yield { kind: "installation", row: { key: SALT_FACT, value: salt } };
    let number = 0;
    for await (const text of exportControl(place)) {
      number += 1;
      if (number === 1) continue;
      const line = readLine(text, number);
      if (line.kind === "end") audit = line.summary.audit;
      else if (line.table !== "installation") yield { kind: line.table, row: line.row };
      else if (line.row["key"] !== EPOCH_FACT && (salt === null || line.row["key"] !== SALT_FACT))
        yield { kind: line.table, row: line.row };
    }
  }
  return {
    lines,
    /** The end of the audit chain, after the lines. */
    audit(): ChainPosition {
      if (audit === null) throw new Error("the control plane was not read to its end");
      return audit;
    },
  };
}
