import type { Git } from "@mosaic/git";
import type { FindToken } from "@mosaic/http";
import type { ImageIds, Sandbox, SandboxFacts, Toolchain } from "@mosaic/sandbox";
import type { Logger, Metrics } from "@mosaic/telemetry";
import type { YoloApproval } from "./api/check-quality.ts";
import type { CoordinatorLimits } from "./limits.ts";

export interface CoordinatorDeps {
  /** null when none works here: then `sandboxDetail` says what to do, and every check is refused. */
  readonly sandbox: Sandbox | null;
  readonly sandboxDetail: string;
  readonly sandboxFacts: SandboxFacts | null;
  readonly imageIds: ImageIds;
  readonly toolchain: Toolchain;
  readonly git: Git;
  /** Takes secrets out of text for people; `SecretScanner.redact` fits. */
  readonly redact: (text: string) => string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly findToken: FindToken;
  /** Called for each approval that YOLO_MODE gives without a check; it fails when this does. */
  readonly onYolo: (approval: YoloApproval) => void | Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** New unique ids (UUIDs). */
  readonly ids: () => string;
}

export interface CoordinatorOptions {
  readonly version: string;
  /** The data folder; this plane writes below `coordinator` and `cache` in it. */
  readonly dataDir: string;
  /** Folders below which the mirrors are. */
  readonly mirrorRoots: readonly string[];
  readonly yolo: boolean;
  /** Host names that preparing dependencies may reach. */
  readonly registries: readonly string[];
  /** Images that base branches may choose. */
  readonly images: readonly string[];
  /** File of further certificate authorities for the registries (NODE_EXTRA_CA_CERTS). */
  readonly caFile?: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly rateLimitPerMinute?: number;
  /** Part of the dependency cache's key. */
  readonly platform: { readonly platform: string; readonly arch: string; readonly node: string };
  readonly pid: number;
  readonly limits?: Partial<CoordinatorLimits>;
}
