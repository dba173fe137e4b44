import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createReplayServer } from "@mosaic/replay";

/** A scripted model that takes its time. */
export interface SlowModel {
  readonly url: string;
  /** When the first request of each conversation came, by the task id that is in it; milliseconds since the epoch. */
  readonly firstRequests: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export interface SlowModelOptions {
  /** Path of a scenario. */
  readonly scenario: string;
  /** Before each answer, in milliseconds. */
  readonly thinkMs: number;
  /** Finds the task's id in a request's body. */
  readonly taskId: RegExp;
  readonly now: () => number;
}

/** Serves it on the loopback, outside of what is measured: as far away as the real one is. */
export async function startSlowModel(options: SlowModelOptions): Promise<SlowModel> {
  const replay = await createReplayServer({ scenario: options.scenario });
  const firstRequests = new Map<string, number>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const came = options.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const [taskId] = options.taskId.exec(body.toString()) ?? [];
    if (taskId !== undefined && !firstRequests.has(taskId)) firstRequests.set(taskId, came);
    if (request.url?.startsWith("/v1/messages") === true) await pause(options.thinkMs);
    const { method = "GET", url = "/" } = request;
    const scripted = await fetch(new URL(url, replay.url), {
      method,
      headers: { "content-type": "application/json", "x-api-key": "none" },
      ...(body.length === 0 ? {} : { body }),
    });
    response.writeHead(scripted.status, {
      "content-type": scripted.headers.get("content-type") ?? "application/json",
    });
    response.end(Buffer.from(await scripted.arrayBuffer()));
  };
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    // Whoever asked is gone, or sees a connection that breaks: as with any server.
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstRequests,
    async close() {
      server.closeAllConnections();
      server.close();
      await replay.close();
    },
  };
}
