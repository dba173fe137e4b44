import { startCutProxy } from "@mosaic/testing";
import { setTimeout as pause } from "node:timers/promises";
import { newServers } from "../../tests/store-mode.ts";
import type { Findings } from "../crash/invariants.ts";
import { waitFor } from "../wait-for.ts";
import { onField } from "./field.ts";

interface Plan {
  readonly server: "VALKEY_URL" | "DATABASE_URL";
  /** Packets that vanish, or connections that are reset. */
  readonly how: "cut" | "reset";
  readonly tries: number;
  readonly random: () => number;
  readonly found: Findings;
}

const TASKS = 4;
/** Longer than the lease (2 s), in milliseconds. */
const AWAY_MS = 5000;
/** Latest moment of the cut, in milliseconds: about as long as the tasks take. */
const LATEST_MS = 4000;

/** One of two orchestrators is cut off from a server while it works, for longer than its lease, and comes back. */
export async function cutOff({ server, how, tries, random, found }: Plan): Promise<void> {
  const own = await newServers();
  const url = new URL(own.env[server] ?? "");
  const proxy = await startCutProxy({ port: Number(url.port) });
  url.port = String(proxy.port);
  try {
    const env = { ORCHESTRATOR_QUEUE_CONCURRENCY: "2" };
    await onField({ found, env, servers: own }, async (field) => {
      const cut = await field.start("cut", { [server]: url.href, MOSAIC_STORE_PATIENCE_SECONDS: "60" });
      const other = await field.start("other");
      for (let tried = 0; tried < tries; tried += 1) {
        // One that is cut off says so; what it is told meanwhile it refuses.
        await waitFor("readiness", async () => (await fetch(`${cut.url}/health/ready`)).ok);
        for (let at = 0; at < TASKS; at += 1)
          await field.spawn(at % 2 === 0 ? cut : other, { taskId: `t${tried}-${at}`, maxRetries: 10 });
        await pause(random() * LATEST_MS);
        proxy[how]();
        await pause(AWAY_MS);
        proxy.mend();
      }
      await field.finish(other);
    });
  } finally {
    await proxy.close();
  }
}
