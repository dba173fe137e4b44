import { chmod, lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isModelHost, parseEgressTarget } from "@mosaic/domain";
import { createEgressProxy, type EgressProxyOptions } from "@mosaic/sandbox";
import type { EgressCounts, EgressDoor, EgressDoors, OpenEgress } from "./port.ts";

export interface EgressDoorsOptions {
  /** Folder of the sockets; nothing else may be in it. It is emptied: one process owns it. */
  readonly folder: string;
  /** Host that this installation's models are at. */
  readonly modelHost: string;
  readonly caFile?: string | undefined;
  /** Decisions told one by one, for each agent. Default 100. */
  readonly maxTold?: number;
  /** How names are resolved and addresses dialled. Default: the system's resolver, TCP. */
  readonly network?: Pick<EgressProxyOptions, "resolve" | "dial"> | undefined;
}

const MAX_TOLD = 100;
const AGENT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** One proxy for each agent, in a folder of its own: an agent sees no other's socket, and ends with its own. */
export async function createEgressDoors(options: EgressDoorsOptions): Promise<EgressDoors> {
  const { folder, network = {}, maxTold = MAX_TOLD } = options;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    open: async (request) => await openDoor(request, { ...options, network, maxTold }),
  };
}

type Opening = Required<Pick<EgressDoorsOptions, "maxTold">> & EgressDoorsOptions;

async function openDoor(request: OpenEgress, options: Opening): Promise<EgressDoor> {
  const { agentId, targets, onDecision } = request;
  if (!AGENT_ID.test(agentId)) throw new Error(`'${agentId}' cannot be the name of a socket's folder`);
  // Refused at the start and at admission already; nothing else may ever bring one here.
  const model = targets.find((target) =>
    isModelHost(parseEgressTarget(target)?.host ?? "", options.modelHost),
  );
  if (model !== undefined) throw new Error(`${model} is where models are: no egress leads there`);

  const own = join(options.folder, agentId);
  const socketPath = join(own, "s");
  await mkdir(own);
  // The folder above is closed to everyone else; an agent gets this one mounted and may be another user.
  await chmod(own, 0o755);
  const counts = { allowed: 0, refused: 0, untold: 0 };
  const proxy = await createEgressProxy({
    socketPath,
    allow: targets,
    ...options.network,
    onDecision: (decision) => {
      counts[decision.allowed ? "allowed" : "refused"] += 1;
      if (counts.allowed + counts.refused > options.maxTold) counts.untold += 1;
      else onDecision(decision);
    },
  });
  let closed: Promise<{ gone: boolean }> | null = null;
  return {
    socketPath,
    caFile: options.caFile ?? null,
    counts: (): EgressCounts => ({ ...counts }),
    async close() {
      closed ??= proxy.close().then(async () => {
        await rm(own, { recursive: true, force: true });
        return { gone: await isGone(own) };
      });
      return await closed;
    },
  };
}

async function isGone(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
}
