import type { Sandbox, SandboxLimits, Toolchain } from "@mosaic/sandbox";
import type { Logger } from "@mosaic/telemetry";

/** What running untrusted commands takes. */
export interface Workbench {
  readonly sandbox: Sandbox;
  readonly toolchain: Toolchain;
  readonly limits: SandboxLimits;
  /** Below this many free bytes on the data folder's disk a running command is stopped. */
  readonly minFreeBytes: number;
  /** Takes secrets out of text for people. */
  readonly redact: (text: string) => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly ids: () => string;
  readonly logger: Logger;
}
