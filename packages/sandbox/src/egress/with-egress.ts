import path from "node:path";
import { INSIDE_PROGRAMS, INSIDE_ROOT } from "../layout.ts";
import type { Mount, SandboxSpec } from "../port.ts";

export interface WithEgressOptions {
  /** The proxy's socket on the host. */
  readonly socketPath: string;
  /** The node binary inside. */
  readonly node: string;
  /** Host file of extra certificate authorities (the host's NODE_EXTRA_CA_CERTS), mounted read-only. */
  readonly caFile?: string;
}

const RELAY = `${INSIDE_ROOT}/egress-relay.mjs`;
const SOCKET_FOLDER = `${INSIDE_ROOT}/egress`;
const CA_FILE = `${INSIDE_ROOT}/extra-ca.pem`;

/**
 * The same specification with the egress proxy as its only way out: the proxy's folder mounted read-only (which still
 * allows to connect), and the relay in front of the command, which sets HTTPS_PROXY and its like.
 */
export function withEgress(spec: SandboxSpec, options: WithEgressOptions): SandboxSpec {
  const mounts: Mount[] = [
    { source: path.join(INSIDE_PROGRAMS, "egress-relay.mjs"), target: RELAY, writable: false },
    { source: path.dirname(options.socketPath), target: SOCKET_FOLDER, writable: false },
  ];
  if (options.caFile !== undefined) mounts.push({ source: options.caFile, target: CA_FILE, writable: false });
  const socket = path.posix.join(SOCKET_FOLDER, path.basename(options.socketPath));
  return {
    ...spec,
    command: [options.node, RELAY, socket, "--", ...spec.command],
    env: options.caFile === undefined ? spec.env : { ...spec.env, NODE_EXTRA_CA_CERTS: CA_FILE },
    mounts: [...spec.mounts, ...mounts],
  };
}
