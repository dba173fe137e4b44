import { StoreUnavailableError, type StoreFault } from "../store-error.ts";

const RIGHTS =
  "its user lacks a right: give it ~orchestrator:* &orchestrator:* +@all -@admin +config|get (ACL SETUSER)";

/** How errors of the server begin, and what a person can do about each. */
const SERVER_FAULTS: readonly (readonly [start: string, fault: StoreFault, advice: string])[] = [
  [
    "OOM",
    "memory_full",
    "its memory is full (maxmemory): raise the limit, or prune events and finished work",
  ],
  ["READONLY", "read_only", "it is a replica, which nobody may write to: name the primary in VALKEY_URL"],
  ["WRONGPASS", "unauthorized", "user name or password is wrong: correct VALKEY_URL"],
  ["NOAUTH", "unauthorized", "it wants a password: put it into VALKEY_URL (redis://:password@host)"],
  ["NOPERM", "unauthorized", RIGHTS],
  ["ERR The user executing the script", "unauthorized", RIGHTS],
  ["LOADING", "busy", "it is still reading its data from the disk: wait for it"],
  ["BUSY", "busy", "it runs a script that does not end: see its log"],
  ["MASTERDOWN", "busy", "it has lost its primary: wait for the fail-over"],
  ["NOREPLICAS", "busy", "it takes no writes while too few replicas are connected (min-replicas-to-write)"],
  ["ERR max number of clients", "busy", "it has too many clients (maxclients): raise the limit"],
  ["MISCONF", "disk_full", "it cannot write to its disk: free some space there, see its log"],
  ["MOVED", "unsupported", "it is a Cluster: use a standalone server (one primary, any number of replicas)"],
  [
    "CROSSSLOT",
    "unsupported",
    "it is a Cluster: use a standalone server (one primary, any number of replicas)",
  ],
  ["ERR unknown command", "unsupported", "it lacks a command: use Valkey, or Redis 7.0 or newer"],
  ["ERR DB index", "cannot_open", "it has no database of that number: correct the end of VALKEY_URL"],
];
/** What the driver says of a command that it did not send. */
const NOT_SENT = "Stream isn't writeable";

/** An error that the server answered with. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** True when the server does not know a function: it was restarted, or somebody has flushed them. It did nothing. */
export function isUnknownFunction(error: unknown): boolean {
  return isReply(error) && error.message.startsWith("ERR Function not found");
}

export interface Circumstances {
  /** `valkey at host:port` */
  readonly server: string;
  /** What the connection failed with last, if it did. */
  readonly lastProblem: Error | null;
  readonly closed: boolean;
  /** What was asked changes nothing, so that its loss leaves no doubt. */
  readonly reads: boolean;
}

/** An error of the driver or the server as one of the store. It is not kept as the cause: it may hold the password. */
export function toStoreError(error: unknown, about: Circumstances): StoreUnavailableError {
  const { server, lastProblem, closed, reads } = about;
  const message = error instanceof Error ? error.message : String(error);
  const unavailable = (code: StoreFault, text: string) => new StoreUnavailableError(code, text);
  if (isReply(error)) {
    const known = SERVER_FAULTS.find(([start]) => message.startsWith(start));
    if (known !== undefined)
      return unavailable(known[1], `${server} cannot be used (${message}): ${known[2]}`);
    return unavailable("internal", `${server} failed unexpectedly: ${message}`);
  }
  if (closed) return unavailable("closed", "the store is closed");
  const why = lastProblem?.message ?? message;
  if (reads || message.startsWith(NOT_SENT)) {
    return unavailable(
      "unreachable",
      `${server} does not answer (${why}); nothing was recorded. It is tried again`,
    );
  }
  return unavailable(
    "crashed",
    `the connection to ${server} was lost (${why}): what was asked and not answered may or may not be recorded`,
  );
}
