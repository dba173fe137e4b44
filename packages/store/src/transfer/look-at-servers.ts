import { EPOCH_FACT } from "../fact-names.ts";
import { readAddress } from "../postgres/address.ts";
import { judge } from "../postgres/faults.ts";
import { CONTROL_SCHEMA } from "../postgres/migrate.ts";
import { createPool, TIMEOUTS } from "../postgres/pool.ts";
import { requireSupported } from "../postgres/server.ts";
import { StoreUnavailableError } from "../store-error.ts";
import { connect } from "../valkey/connect.ts";
import { lookAt, type Standing } from "../valkey/import-marker.ts";
import { inspect } from "../valkey/inspect.ts";
import type { DistributedPlace } from "./place.ts";

/** One thing about a server, as a sentence for people. */
export interface Finding {
  readonly about: "postgresql" | "valkey";
  readonly outcome: "ok" | "warning" | "broken";
  readonly detail: string;
}

/** What PostgreSQL remembers of its Valkey: undefined when it cannot be asked. */
type Known = string | null | undefined;

/** Looks at both servers of an installation without changing anything. Never throws what a server is at fault for. */
export async function lookAtServers({
  valkeyUrl,
  valkeyCa,
  databaseUrl,
}: DistributedPlace): Promise<readonly Finding[]> {
  let known: Known;
  const postgres = await findings("postgresql", async () => {
    const found = await lookAtPostgres(databaseUrl);
    ({ known } = found);
    return found.findings;
  });
  const valkey = await findings("valkey", () => lookAtValkey(valkeyUrl, valkeyCa, known));
  return [...postgres, ...valkey];
}

async function findings(
  about: Finding["about"],
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return [{ about, outcome: "broken", detail: error.message }];
  }
}

async function lookAtPostgres(
  url: string,
): Promise<{ readonly known: Known; readonly findings: readonly Finding[] }> {
  const address = readAddress(url);
  const about = "postgresql";
  const pool = createPool(address, { ...TIMEOUTS, size: 1 });
  try {
    const client = await pool.connect();
    try {
      const server = await requireSupported(client);
      const durable = await client.query<{ fsync: string; pages: string }>(
        "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages",
      );
      const { fsync, pages } = durable.rows[0] ?? { fsync: "", pages: "" };
      const schema = await schemaOf(client);
      const kept: Finding["outcome"] = fsync === "on" && pages === "on" ? "ok" : "warning";
      const torn = pages === "on" ? "" : "; full_page_writes is off: a power cut may damage it";
      return {
        known: await epochOf(client),
        findings: [
          { about, outcome: kept, detail: `${server}${torn}, at ${address.place}` },
          schemaFinding(schema),
        ],
      };
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw judge(error, address.place).error;
  } finally {
    await pool.end();
  }
}

type Client = Awaited<ReturnType<ReturnType<typeof createPool>["connect"]>>;

async function schemaOf(client: Client): Promise<number> {
  const there = await client.query("SELECT 1 WHERE to_regclass('control_schema') IS NOT NULL");
  if (there.rows.length === 0) return 0;
  const { rows } = await client.query<{ version: number }>(
    "SELECT max(version) AS version FROM control_schema",
  );
  return rows[0]?.version ?? 0;
}

function schemaFinding(schema: number): Finding {
  const about = "postgresql";
  if (schema === CONTROL_SCHEMA) return { about, outcome: "ok", detail: `schema ${schema}` };
  if (schema > CONTROL_SCHEMA)
    return {
      about,
      outcome: "broken",
      detail: `schema ${schema} is newer than this Mosaic knows (${CONTROL_SCHEMA})`,
    };
  const detail = `schema ${schema} of ${CONTROL_SCHEMA}: \`mosaic db migrate\` or the next start brings it up`;
  return { about, outcome: "warning", detail };
}

async function epochOf(client: Client): Promise<string | null> {
  const there = await client.query("SELECT 1 WHERE to_regclass('installation') IS NOT NULL");
  if (there.rows.length === 0) return null;
  const text = "SELECT value FROM installation WHERE key = $1";
  return (await client.query<{ value: string }>(text, [EPOCH_FACT])).rows[0]?.value ?? null;
}

async function lookAtValkey(url: string, ca: string | undefined, known: Known): Promise<readonly Finding[]> {
  const about = "valkey";
  const link = await connect({ url, ca, clientName: "mosaic-doctor" });
  try {
    const { facts, warnings } = await inspect(link);
    const { product, version, mayLose } = facts;
    const name = `${product === "valkey" ? "Valkey" : "Redis"} ${version}`;
    const kept = mayLose === "nothing" ? ", every write synced" : "";
    return [
      { about, outcome: "ok", detail: `${name}${kept}, at ${link.server.replace(/^Valkey at /, "")}` },
      ...warnings.map((detail): Finding => ({ about, outcome: "warning", detail })),
      epochFinding(await lookAt(link), known),
    ];
  } finally {
    await link.close();
  }
}

function epochFinding({ epoch, importing, anyKey }: Standing, known: Known): Finding {
  const about = "valkey";
  if (importing !== null)
    return { about, outcome: "broken", detail: "an import was not finished: repeat `mosaic db import`" };
  if (known === undefined)
    return { about, outcome: "warning", detail: "PostgreSQL cannot say whether it is the right one" };
  if (known === null && anyKey === null)
    return { about, outcome: "ok", detail: "empty, for the first start or `mosaic db import`" };
  if (known === null)
    return {
      about,
      outcome: "broken",
      detail: "it has data, and PostgreSQL knows of none: one of the two is wrong",
    };
  if (epoch === known)
    return { about, outcome: "ok", detail: `the one of this installation (epoch ${epoch})` };
  const detail =
    epoch === null
      ? "it was emptied or exchanged: bring its data back, or give them up with `mosaic db adopt`"
      : `it belongs to another installation (epoch ${epoch}, not ${known}): correct VALKEY_URL`;
  return { about, outcome: "broken", detail };
}
