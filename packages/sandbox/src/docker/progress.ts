import type { ProcessIdentity } from "../process-table.ts";
import type { Engine } from "./engine.ts";

/** How far a container has come; each step is asked of the engine, and may be under way. */
export interface Progress {
  readonly name: string;
  readonly engine: Engine | null;
  /** Known once `create` was answered. */
  readonly id: string | null;
  /** `create` was asked for, and not answered: it may still be made, though it will not be started. */
  readonly creating: boolean;
  /** `start` was asked for, and not answered yet: a container that is not running may still come to run. */
  readonly starting: boolean;
  /** Its engine sets it up before the start, and may do so once more: then another process is its first (Podman). */
  readonly isSetUpFirst: boolean;
  /** Its process 1; null until it is known, and where it may not be looked at. */
  readonly init: Init | null;
}

export interface Init {
  readonly process: ProcessIdentity;
  /** As in /proc/<pid>/ns/pid. */
  readonly pidNamespace: string;
  /** Lets the kernel use the namespace's number again. Until then it means this one, also when all in it are gone. */
  release(): void;
}
