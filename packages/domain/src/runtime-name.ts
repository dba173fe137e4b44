/** What runs agents when neither a request nor the owner says otherwise, and what ran those before there was a choice. */
export const DEFAULT_RUNTIME = "sdk-worker";

/** How runtimes are named: by the owner, in requests, and in the folders they are installed in. */
export const RUNTIME_NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** Adapters that run agents. */
export const RUNTIME_KINDS = ["sdk-worker", "claude-code", "acp", "command"] as const;
export type RuntimeKind = (typeof RUNTIME_KINDS)[number];
