import { StoreUnavailableError } from "../store-error.ts";
import type { Link } from "./connect.ts";
import { isReply } from "./faults.ts";

/** What a power cut of the server's machine costs. */
export type Durability =
  | "nothing"
  | "a_second"
  | "half_a_minute"
  | "since_snapshot"
  | "everything"
  | "unknown";

/** What the server is and how it is set up, for health and doctor. */
export interface ValkeyFacts {
  /** `Valkey at host:port` */
  readonly server: string;
  readonly product: "valkey" | "redis";
  readonly version: string;
  /** What it may lose when its machine goes down. */
  readonly mayLose: Durability;
  /** Bytes; 0 is no limit. */
  readonly maxMemory: number;
}

export interface Inspection {
  readonly facts: ValkeyFacts;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** Of Redis; every Valkey says that it is at least 7.2 of it. */
const OLDEST_MAJOR = 7;
const DURABLE = "set appendonly yes and appendfsync always";
const LOSSES: Readonly<Record<Durability, string | null>> = {
  nothing: null,
  a_second: `writes to its disk once a second: you may lose up to 1 s when its machine goes down; ${DURABLE}`,
  half_a_minute: `leaves it to its system when to write: you may lose half a minute when its machine goes down; ${DURABLE}`,
  since_snapshot: `keeps snapshots only, which is not durable: what came after the last one is lost when it ends; ${DURABLE}`,
  everything: `keeps nothing on a disk: everything is lost when it ends; ${DURABLE}`,
  unknown: `does not tell how it writes to its disk (its user may not read CONFIG): see that appendfsync is always`,
};

/**
 * Asks the server what it is.
 * @throws StoreUnavailableError for one that cannot be used: too old, a Cluster, a replica, one that throws keys away
 */
export async function inspect(link: Link): Promise<Inspection> {
  const info = await readInfo(link);
  refuseUnfit(link.server, info);
  const mayLose = durabilityOf(info, await readConfig(link, ["appendfsync", "save"]));
  const loss = LOSSES[mayLose];
  const warnings = [
    ...(loss === null ? [] : [`${link.server} ${loss}`]),
    ...(info["maxmemory_policy"] === "noeviction"
      ? []
      : [
          `${link.server} would throw data away if it had a limit of memory; set maxmemory-policy noeviction`,
        ]),
    ...(info["aof_last_write_status"] === "err"
      ? [`${link.server} cannot write to its disk; see its log`]
      : []),
  ];
  return { facts: factsOf(link.server, info, mayLose), warnings };
}

function factsOf(server: string, info: Info, mayLose: Durability): ValkeyFacts {
  return {
    server,
    product: info["valkey_version"] === undefined ? "redis" : "valkey",
    version: info["valkey_version"] ?? info["redis_version"] ?? "",
    mayLose,
    maxMemory: Number(info["maxmemory"] ?? 0),
  };
}

function refuseUnfit(server: string, info: Info): void {
  const version = info["redis_version"] ?? "";
  if (Number(version.split(".")[0]) < OLDEST_MAJOR)
    throw unfit("unsupported", `${server} is version ${version}: use Valkey, or Redis 7.0 or newer`);
  if (info["cluster_enabled"] === "1" || info["redis_mode"] === "cluster")
    throw unfit(
      "unsupported",
      `${server} is a Cluster: use a standalone server (one primary, any number of replicas)`,
    );
  if (info["redis_mode"] === "sentinel")
    throw unfit(
      "unsupported",
      `${server} is a Sentinel, which keeps no data: name the primary in VALKEY_URL`,
    );
  if (info["role"] !== "master")
    throw unfit(
      "read_only",
      `${server} is a replica, which nobody may write to: name the primary in VALKEY_URL`,
    );
  if (Number(info["maxmemory"] ?? 0) > 0 && info["maxmemory_policy"] !== "noeviction")
    throw unfit(
      "unsupported",
      `${server} throws data away when its memory is full (maxmemory-policy ${info["maxmemory_policy"]}): set it to noeviction`,
    );
}

function unfit(code: "unsupported" | "read_only", message: string): StoreUnavailableError {
  return new StoreUnavailableError(code, message);
}

type Info = Readonly<Record<string, string>>;

async function readInfo(link: Link): Promise<Info> {
  try {
    const lines = (await link.redis.info()).split("\r\n");
    return Object.fromEntries(
      lines
        .filter((line) => line.includes(":"))
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
    );
  } catch (error) {
    throw link.fault(error, { reads: true });
  }
}

/** Null when the server does not let its settings be read, as hosted ones may. */
async function readConfig(link: Link, names: readonly string[]): Promise<Info | null> {
  try {
    const pairs = (await link.redis.call("CONFIG", "GET", ...names)) as readonly string[];
    return Object.fromEntries(names.map((name) => [name, pairs[pairs.indexOf(name) + 1] ?? ""]));
  } catch (error) {
    if (isReply(error)) return null;
    throw link.fault(error, { reads: true });
  }
}

function durabilityOf(info: Info, config: Info | null): Durability {
  if (info["aof_enabled"] === "1") {
    if (config === null) return "unknown";
    return config["appendfsync"] === "always"
      ? "nothing"
      : config["appendfsync"] === "everysec"
        ? "a_second"
        : "half_a_minute";
  }
  if (config === null) return "since_snapshot";
  return config["save"] === "" ? "everything" : "since_snapshot";
}
