import type { Instances } from "../instances.ts";
import type { AuditLog } from "../ledgers.ts";
import { openPostgresStore } from "../postgres/open.ts";
import { openValkeyStore, type ValkeyStore } from "../valkey/open.ts";
import { lookAtControl } from "./control-standing.ts";
import { MoveError, type DistributedPlace } from "./place.ts";
import { readControl } from "./read-records.ts";
import { readValkey, readValkeySummary } from "./read-valkey.ts";
import type { Source } from "./write-file.ts";

/** What is done with an installation that many orchestrators share, while none of them is alive. */
export async function withDistributedSource<T>(
  { valkeyUrl, valkeyCa, databaseUrl }: DistributedPlace,
  use: (source: Source) => Promise<T>,
): Promise<T> {
  const { epoch } = await lookAtControl(databaseUrl);
  if (epoch === null) throw new MoveError("there is no installation in the PostgreSQL of DATABASE_URL");
  const valkey = await openValkeyStore({ url: valkeyUrl, ca: valkeyCa, epoch, clientName: "mosaic-db" });
  try {
    await requireNobody(valkey.instances);
    return await use(sourceOf(valkey, databaseUrl));
  } finally {
    await valkey.close();
  }
}

function sourceOf({ instances, state, link }: ValkeyStore, databaseUrl: string): Source {
  const control = readControl({ url: databaseUrl }, null);
  const lines = async function* () {
    yield* control.lines();
    yield* readValkey(state, link);
  };
  const summary = async () => {
    // One that was started meanwhile has changed what was read before.
    await requireNobody(instances);
    return { ...(await readValkeySummary(link)), audit: control.audit() };
  };
  const append: AuditLog["append"] = async (entry) => {
    const postgres = await openPostgresStore({ url: databaseUrl, poolSize: 1 });
    try {
      return await postgres.audit.append(entry);
    } finally {
      await postgres.close();
    }
  };
  return { from: "distributed", lines: lines(), summary, audit: { append } };
}

async function requireNobody(instances: Instances): Promise<void> {
  const alive = (await instances.list()).filter((instance) => instance.alive);
  if (alive.length === 0) return;
  const names = alive.map(({ instanceId, host, url }) => `${instanceId.slice(0, 8)} on ${host} (${url})`);
  throw new MoveError(`orchestrators of this installation are running: stop ${names.join(", ")} first`);
}
