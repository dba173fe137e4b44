import type { Config } from "@mosaic/config";
import type { RemotesOptions } from "@mosaic/git";
import type { SandboxChoice } from "@mosaic/sandbox";
import type { Logger } from "@mosaic/telemetry";
import type { Data } from "./data/open.ts";

/** What the execution plane is built from. */
export interface OrchestratorOptions {
  readonly config: Config;
  readonly version: string;
  readonly data: Data;
  readonly sandbox: SandboxChoice;
  readonly coordinator: { readonly url: string; readonly token: string };
  /** Admins of an embedded instance may name any local repository. Default true; false when it runs alone. */
  readonly embedded?: boolean;
  readonly logger: Logger;
  /** How names of hosts are resolved. Default: the system's resolver. */
  readonly network?: Pick<RemotesOptions, "lookup">;
}
