import { createHash } from "node:crypto";
import { ADMIT } from "./lua/admit.ts";
import { ANSWERS } from "./lua/answers.ts";
import { COMMIT } from "./lua/commit.ts";
import { INSTANCES } from "./lua/instances.ts";
import { LISTS } from "./lua/lists.ts";
import { LOOK } from "./lua/look.ts";
import { ORDERS } from "./lua/orders.ts";
import { PRUNE } from "./lua/prune.ts";
import { RECORDS } from "./lua/records.ts";
import { REPLAY } from "./lua/replay.ts";
import { TABLES } from "./lua/tables.ts";
import { TRANSITION } from "./lua/transition.ts";

/** What the server can be asked, and whether that changes anything. */
const FUNCTIONS = {
  begin: "writes",
  read: "reads",
  probe: "writes",
  admit: "writes",
  transition: "writes",
  patch: "writes",
  append: "writes",
  list_agents: "reads",
  find_agents: "reads",
  task_places: "reads",
  events_by_place: "reads",
  events: "reads",
  event_range: "reads",
  prune: "writes",
  beat: "writes",
  list_instances: "reads",
  remove_instance: "writes",
  give_order: "writes",
  waiting_orders: "reads",
  answer_order: "writes",
  order_answers: "reads",
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

const BODY = [
  TABLES,
  ANSWERS,
  RECORDS,
  COMMIT,
  LOOK,
  ADMIT,
  TRANSITION,
  LISTS,
  REPLAY,
  PRUNE,
  INSTANCES,
  ORDERS,
].join("");

/** Named by its content, so that two versions of Mosaic on one server each call their own. */
export const LIBRARY_NAME = `mosaic_${createHash("sha256").update(BODY).digest("hex").slice(0, 16)}`;

/** What `FUNCTION LOAD` takes. */
export const LIBRARY = `#!lua name=${LIBRARY_NAME}\nlocal PREFIX = '${LIBRARY_NAME}_'\n${BODY}`;

/** What `FCALL` takes. */
export function functionName(name: FunctionName): string {
  return `${LIBRARY_NAME}_${name}`;
}

/** True when it makes no difference whether the function ran. */
export function onlyReads(name: FunctionName): boolean {
  return FUNCTIONS[name] === "reads";
}
