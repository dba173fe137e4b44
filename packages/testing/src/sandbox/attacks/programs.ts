import { fileURLToPath } from "node:url";

/** Host folder of the programs that attack from inside; mounted or copied to where they run. */
export const ATTACK_PROGRAMS = fileURLToPath(new URL("inside", import.meta.url));

/** What the programs know of the host they are to reach, as JSON. Nothing in it is a secret. */
export interface AttackFacts {
  /** Where the programs are, inside. */
  readonly inside: string;
  /** A writable folder inside that is one of the host. */
  readonly tree: string;
  /** Made by the program inside when it is as harmful as it gets. */
  readonly upFile?: string;
  /** Processes of the host. */
  readonly pids?: readonly number[];
  /** Listeners of the host, on loopback and on its addresses. */
  readonly ports?: readonly number[];
  readonly hostAddresses?: readonly string[];
  readonly nameServers?: readonly string[];
  /** Sockets of the host, the gateway of another agent among them. */
  readonly sockets?: readonly string[];
  readonly abstractSockets?: readonly string[];
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
  /** Folders inside that must not change. */
  readonly readOnly?: readonly string[];
  /** How every planted secret begins. */
  readonly secretStart?: string;
  /** In the command line of processes of the host. */
  readonly knownText?: string;
  readonly tmpBytes?: number;
  readonly floodBytes?: number;
  readonly mostBytes?: number;
}

/** How an attack comes out. */
export type AttackKind =
  /** It stays, until it is killed. */
  | "stays"
  /** It tries, and says what it reached. */
  | "reaches"
  /** It kills all that it can, itself among it. */
  | "kills"
  /** It makes as many processes as it can. */
  | "processes"
  /** It takes memory until it is ended. */
  | "memory"
  /** It writes to its output until it is cut off. */
  | "output";

export interface AttackProgram {
  readonly name: string;
  readonly kind: AttackKind;
}

const named = (kind: AttackKind, names: readonly string[]): AttackProgram[] =>
  names.map((name) => ({ name, kind }));

export const ATTACK_PROGRAM_LIST: readonly AttackProgram[] = [
  ...named("stays", [
    "setsid",
    "double fork",
    "nohup",
    "daemon",
    "respawner",
    "ignores signals",
    "blocked reads",
    "holds the workspace",
    "fills /tmp, /dev/shm and its home",
    "fills the workspace",
    "open files",
    "10,000 sockets",
  ]),
  ...named("processes", ["fork bomb"]),
  ...named("memory", ["memory hog", "memory of many"]),
  ...named("output", ["output flood", "a line of 100 MB"]),
  ...named("kills", ["kills others"]),
  ...named("reaches", [
    "gateways of others",
    "host network",
    "name service",
    "other kinds of sockets",
    "container engines",
    "files of others",
    "mirror",
    "processes of the host",
    "secrets everywhere",
    "control groups",
    "kernel settings",
    "system calls",
  ]),
];

/** What a program said it reached. */
export function reachedIn(output: string): readonly string[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("reached "))
    .map((line) => line.slice("reached ".length));
}
