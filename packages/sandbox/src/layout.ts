import { fileURLToPath } from "node:url";

/** The private, empty, writable home folder inside; callers set HOME to it. */
export const SANDBOX_HOME = "/home/mosaic";

/** Where Mosaic's own read-only things are mounted inside. */
export const INSIDE_ROOT = "/opt/mosaic";

/** Host folder of the programs of ours that run inside. */
export const INSIDE_PROGRAMS = fileURLToPath(new URL("../inside", import.meta.url));

/** Host file of the relay to the model gateway, for agents that speak HTTP over TCP. Runs with any Node from 22. */
export const MODEL_RELAY = `${INSIDE_PROGRAMS}/model-relay.mjs`;
