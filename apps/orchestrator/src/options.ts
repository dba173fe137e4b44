import type { Config } from "@mosaic/config";
import type { RemotesOptions } from "@mosaic/git";
import type { EgressProxyOptions, SandboxChoice } from "@mosaic/sandbox";
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
  /** How names of hosts are resolved, for repositories and for agents' connections. Default: the system's resolver, TCP. */
  readonly network?: Pick<RemotesOptions, "lookup"> & {
    readonly egress?: Pick<EgressProxyOptions, "resolve" | "dial">;
  };
  /** File of further certificate authorities (NODE_EXTRA_CA_CERTS) for agents that have a way out. */
  readonly caFile?: string | undefined;
}
