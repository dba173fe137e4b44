import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "@mosaic/client";
import type { KillReceipt } from "@mosaic/contracts";
import {
  type HeldNamespaces,
  membersOf,
  pidNamespacesOf,
  processesMentioning,
  usersOf,
} from "@mosaic/testing";
import { seenEvent } from "../../tests/seen-event.ts";
import type { Arena } from "./arena.ts";
import { waitFor } from "../wait-for.ts";

/** Longest time that saving goes on after a receipt, in milliseconds. */
export const SAVING_MS = 15_000;

/** A hostile agent that is as harmful as it gets. */
export interface Hostile {
  readonly agentId: string;
  readonly tree: string;
  /** Where its processes are, whatever becomes of them. */
  readonly namespaces: HeldNamespaces;
}

/** Spawns one and waits until it says that it is at its worst, or has ended by that. */
export async function hostile(arena: Arena, attack: string): Promise<Hostile> {
  const agentId = await arena.spawn(attack);
  const tree = await arena.treeOf(agentId);
  await waitFor(`${attack} of ${agentId}`, async () => {
    const isUp = await access(join(tree, "up")).then(
      () => true,
      () => false,
    );
    return isUp || (await hasEnded(arena, agentId)) ? true : null;
  });
  return await found(agentId, tree);
}

/** An agent that runs, as it is known before its kill: afterwards its folders have other names. */
export async function found(agentId: string, tree: string): Promise<Hostile> {
  return { agentId, tree, namespaces: await pidNamespacesOf(agentId) };
}

export async function hasEnded({ mosaic }: Arena, agentId: string): Promise<boolean> {
  const { status } = await mosaic.client.call("getAgent", { params: { agentId } });
  return status !== "spawning" && status !== "running";
}

export interface Killed {
  /** From the call to the receipt, in milliseconds; null when it had ended by itself. */
  readonly tookMs: number | null;
  /** What the kill did when. */
  readonly steps?: string;
  /** What it had ended by. */
  readonly ended?: string | undefined;
  readonly residual: readonly string[];
}

export async function killAgent(arena: Arena, { agentId }: Hostile): Promise<Killed> {
  const started = performance.now();
  try {
    const receipt = await arena.mosaic.client.call("killAgent", {
      params: { agentId },
      body: { reason: "drill" },
    });
    return { tookMs: performance.now() - started, residual: receipt.residual, steps: stepsOf(receipt) };
  } catch (error) {
    if (error instanceof ApiError && error.problem?.code === "illegal_transition") {
      const ended = await endOf(arena, agentId);
      // It cleans up after itself.
      await seenEvent(arena.mosaic.client, agentId, ({ type }) => type === "agent.cleanup");
      return { tookMs: null, residual: [], ended };
    }
    throw error;
  }
}

/** Each step of a kill, with when it was done. */
export function stepsOf({ steps }: KillReceipt): string {
  return steps.map(({ name, atMs }) => `${name} at ${atMs} ms`).join(", ");
}

async function endOf({ mosaic }: Arena, agentId: string): Promise<string> {
  const { status, reason, error } = await mosaic.client.call("getAgent", { params: { agentId } });
  return `${status} (${reason}): ${error}`;
}

/** What is left of it, by a look that takes nobody's word: processes, mounts, containers, sockets, folders. */
export async function leftOf(arena: Arena, { agentId, namespaces }: Hostile): Promise<readonly string[]> {
  const { home } = arena.place;
  const users = await membersOf(namespaces.names);
  await namespaces.release();
  // Its work may still be saved, in a sandbox of its own, which ends by itself.
  const named = await waitFor(
    "the end of saving",
    async () => {
      const saving = new Set([...(await processesMentioning(agentId)), ...(await usersOf(agentId))]);
      return saving.size === 0 ? saving : null;
    },
    SAVING_MS,
  ).catch(() => processesMentioning(agentId));
  const containers = await arena.adapter.containers();
  const folders = await Promise.all(
    ["workspaces", "private", "run"].map(async (folder) =>
      (await readdir(join(home, folder), { recursive: true }).catch(() => [])).map(
        (name) => `${folder}/${name}`,
      ),
    ),
  );
  return [
    ...[...new Set([...users, ...named])].map((pid) => `process ${pid}`),
    ...containers.filter((name) => name.includes(agentId)).map((name) => `container ${name}`),
    ...folders.flat().filter((name) => name.includes(agentId)),
  ];
}
