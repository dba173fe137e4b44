import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { openEnd } from "../control/transfer/open-end.ts";
import { EPOCH_FACT } from "../fact-names.ts";
import type { NewAuditEntry } from "../ledgers.ts";
import { openPostgresStore } from "../postgres/open.ts";
import { connect, type Link } from "../valkey/connect.ts";
import { lookAt } from "../valkey/import-marker.ts";
import { inspect } from "../valkey/inspect.ts";
import { createRunFunction } from "../valkey/run-function.ts";
import { MoveError, type DistributedPlace } from "./place.ts";

/** What is known of an installation whose Valkey is gone. */
export interface Remembered {
  /** Agents and tasks that spent something. */
  readonly agents: number;
  readonly tasks: number;
  /** US dollars. */
  readonly spentUsd: number;
  /** Requests to the model that were sent and never settled; what they may have cost stays held until then. */
  readonly reservations: number;
  readonly auditEntries: number;
  /** RFC 3339, UTC, of the newest audit entry; null when there is none. */
  readonly lastAudit: string | null;
}

const ACTION = "valkey.adopt";

/** One that ended in this moment is still listed for a while: milliseconds between two looks, and how many there are. */
const PAUSE_MS = 200;
const ATTEMPTS = 5;

/**
 * Nobody knows which id the newest of the lost events had. No Valkey gives so many: what a client has seen before an adoption
 * is always less than what it is given afterwards, so that it is told that events are missing.
 */
const IDS_OF_A_VALKEY = 1_000_000_000_000;

export interface Adoption {
  readonly remembered: Remembered;
  /** Epochs of the Valkey before and now. */
  readonly former: string;
  readonly epoch: string;
  /** Ids of events go on after this one. */
  readonly eventsAfter: number;
}

export interface AdoptOptions {
  /** Who accepts it, for the audit log. */
  readonly by: string;
  readonly reason: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** Told what is given up, before anything is changed. */
  readonly onRemembered: (remembered: Remembered) => void;
}

/**
 * Makes an empty Valkey the one of an installation whose own was emptied or exchanged. Tasks, agents and events that were
 * in it are given up. @throws MoveError when that is not so; StoreUnavailableError
 */
export async function adoptValkey(
  { valkeyUrl, valkeyCa, databaseUrl }: DistributedPlace,
  { by, reason, at, onRemembered }: AdoptOptions,
): Promise<Adoption> {
  const { former, remembered, adoptions } = await recall(databaseUrl);
  const link = await connect({ url: valkeyUrl, ca: valkeyCa, clientName: "mosaic-db" });
  try {
    await inspect(link);
    await requireAdoptable(link, { former, databaseUrl });
    onRemembered(remembered);
    const epoch = randomUUID();
    const eventsAfter = (adoptions + 1) * IDS_OF_A_VALKEY;
    const data = { former, server: link.server, remembered: { ...remembered }, eventsAfter };
    await accept(databaseUrl, { at, actor: by, action: ACTION, subject: epoch, reason, data });
    const [found] = await createRunFunction(link, "")("begin", epoch, eventsAfter);
    if (found !== epoch)
      throw new MoveError(
        `somebody else has begun on the ${link.server} at the same moment: repeat with an empty one`,
      );
    return { remembered, former, epoch, eventsAfter };
  } finally {
    await link.close();
  }
}

/** @throws MoveError when the Valkey is not lost, is not empty, or somebody still works */
async function requireAdoptable(
  link: Link,
  { former, databaseUrl }: { readonly former: string; readonly databaseUrl: string },
): Promise<void> {
  const { epoch, anyKey } = await lookAt(link);
  if (epoch === former)
    throw new MoveError(
      `the ${link.server} is the one this installation knows, and it has its data: there is nothing to adopt`,
    );
  if (anyKey !== null)
    throw new MoveError(
      `the ${link.server} is not empty (${anyKey}): it belongs to another installation. Take an empty database of it`,
    );
  const others = await connectionsOfOthers(databaseUrl);
  if (others === 0) return;
  throw new MoveError(
    `${others} connections of Mosaic to this PostgreSQL are open: stop every orchestrator of the installation first`,
  );
}

/** From here on only the new Valkey is accepted; until it has the epoch, none is. */
async function accept(databaseUrl: string, entry: NewAuditEntry): Promise<void> {
  const postgres = await openPostgresStore({ url: databaseUrl, poolSize: 1 });
  try {
    await postgres.audit.append(entry);
    await postgres.facts.replace(EPOCH_FACT, entry.subject);
  } finally {
    await postgres.close();
  }
}

/** What PostgreSQL knows, all of one moment. */
async function recall(databaseUrl: string) {
  const end = await openEnd({ url: databaseUrl }, "read");
  try {
    const value = async (text: string): Promise<unknown> =>
      (await end.one(`SELECT ${text} AS value`))["value"];
    const number = async (text: string): Promise<number> => Number(await value(text));
    const former = await value(`(SELECT value FROM installation WHERE key = '${EPOCH_FACT}')`);
    if (typeof former !== "string")
      throw new MoveError(
        "this installation has never had a Valkey: start an orchestrator, which takes the one it finds",
      );
    const lastAudit = await value("(SELECT at FROM audit ORDER BY seq DESC LIMIT 1)");
    const remembered: Remembered = {
      agents: await number("(SELECT count(DISTINCT agent_id) FROM usage_by_day)"),
      tasks: await number("(SELECT count(DISTINCT task_id) FROM usage_by_day)"),
      spentUsd: (await number("(SELECT coalesce(sum(nano), 0)::text FROM usage_by_day)")) / 1e9,
      reservations: await number("(SELECT count(*) FROM usage_reservations)"),
      auditEntries: await number("(SELECT count(*) FROM audit)"),
      lastAudit: typeof lastAudit === "string" ? lastAudit : null,
    };
    // One that was interrupted counts, too.
    const adoptions = await number(`(SELECT count(*) FROM audit WHERE action = '${ACTION}')`);
    return { former, remembered, adoptions };
  } finally {
    await end.close();
  }
}

/** How many sessions of Mosaic there are; every orchestrator that is alive keeps one. */
async function connectionsOfOthers(databaseUrl: string): Promise<number> {
  const text = `SELECT count(*) AS others FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'mosaic' AND pid <> pg_backend_pid()`;
  for (let attempt = 1; ; attempt += 1) {
    const others = await askOnce(databaseUrl, text);
    if (others === 0 || attempt === ATTEMPTS) return others;
    await pause(PAUSE_MS);
  }
}

async function askOnce(databaseUrl: string, text: string): Promise<number> {
  const end = await openEnd({ url: databaseUrl }, "read");
  try {
    return Number((await end.one(text))["others"]);
  } finally {
    await end.close();
  }
}
