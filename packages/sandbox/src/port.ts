import type { Readable, Writable } from "node:stream";

/** A host folder or file made visible in a sandbox. Sources are resolved (realpath) and must exist. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

export interface SandboxLimits {
  /** Megabytes for the processes, where the adapter can enforce it. */
  readonly memoryMb: number;
  /** Largest file a process may write, in bytes. */
  readonly fileBytes: number;
  readonly openFiles: number;
  /** Size of the private /tmp, in bytes. */
  readonly tmpBytes: number;
  /** Processes and threads together. */
  readonly processes: number;
  /** Processors' worth of time: 0.5 is half of one. */
  readonly cpus: number;
}

/** Who keeps a limit: the kernel; a watcher that looks again and again, and kills; nobody. */
export type LimitKeeper = "kernel" | "watcher" | "none";

/** How the limits hold here, as found out by trying. */
export interface HeldLimits {
  readonly memory: LimitKeeper;
  readonly processes: LimitKeeper;
  readonly cpus: LimitKeeper;
}

export interface SandboxSpec {
  /** Unique; found again by `list`. */
  readonly id: string;
  /** What it is for: `agent:<id>`, `snapshot:<id>`, `gate:<id>:<name>`, … */
  readonly label: string;
  readonly command: readonly [string, ...string[]];
  /** The whole environment: nothing is inherited from the host. */
  readonly env: Readonly<Record<string, string>>;
  /** Working folder inside. */
  readonly cwd: string;
  readonly mounts: readonly Mount[];
  /** Absolute paths inside that get an empty private tmpfs, after the mounts (they may lie in a read-only one). */
  readonly scratch: readonly string[];
  readonly limits: SandboxLimits;
  /** Image whose files the inside has instead of the host's programs. Refused by adapters without images. */
  readonly image?: string;
}

export interface SandboxExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** A process inside was killed for `memoryMb`. Only where the adapter enforces it. */
  readonly outOfMemory: boolean;
  /** It was ended because it had, or tried again and again to have, more than `processes`. */
  readonly outOfProcesses: boolean;
}

export interface KillOutcome {
  /** Host process ids that were still there after the kill; empty is the proof. */
  readonly survivors: readonly number[];
  readonly durationMs: number;
}

/** A running sandbox. `exited` settles once, and only after every process in it is gone. */
export interface SandboxProcess {
  readonly id: string;
  readonly label: string;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<SandboxExit>;
  /** SIGKILL to the sandbox's init, then proof that nothing is left. Safe to call twice and after the end. */
  kill(): Promise<KillOutcome>;
}

export interface SandboxProbe {
  readonly ok: boolean;
  /** What was run and what came of it, or what to install. */
  readonly detail: string;
}

/** Isolation of untrusted processes. Every adapter passes the suite in `@mosaic/testing`. */
export interface Sandbox {
  readonly name: "docker" | "podman" | "bubblewrap" | "none";
  /** False only for `none`: nothing is isolated. */
  readonly isolates: boolean;
  /** Whether `SandboxSpec.image` can be used. */
  readonly takesImages: boolean;
  /** Who keeps which limit here. Shown to people; what nobody keeps is a warning. */
  heldLimits(): Promise<HeldLimits>;
  /**
   * Kills and removes what processes of Mosaic that are gone left behind here: theirs alone, told by the recorded
   * process id and its start time. Adapters whose sandboxes die with their process have nothing to do.
   * @returns labels of what was removed
   */
  removeOrphans(): Promise<readonly string[]>;
  /** Runs a real sandbox and reports whether it works here. */
  probe(): Promise<SandboxProbe>;
  /** @throws SandboxError when it cannot be started, with what to do */
  start(spec: SandboxSpec): Promise<SandboxProcess>;
  /**
   * How the processes of this spec reach a path of the inside. The same path wherever mounts are real; for `none`
   * the host path behind it. For paths in texts (scripts, messages); the adapter itself translates `cwd`, whole
   * arguments, `--flag=/path` and the parts of `a:b` environment values.
   */
  resolve(spec: SandboxSpec, insidePath: string): string;
  /** Sandboxes of this process that have not ended, those that are still starting included. */
  list(): readonly SandboxProcess[];
}

/** A sandbox could not be started. Says what to do. */
export class SandboxError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SandboxError";
  }
}
