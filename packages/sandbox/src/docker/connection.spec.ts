import { once } from "node:events";
import { createServer } from "node:http";
import path from "node:path";
import { inspect } from "node:util";
import { temporaryFolder } from "@mosaic/testing";
import { expect, it } from "vitest";
import { dockerClient } from "./connection.ts";

it("the requests are written out in a few words, however many connections are open", async () => {
  const folder = temporaryFolder();
  const socketPath = path.join(folder.path, "engine.sock");
  const server = createServer(() => undefined).listen(socketPath);
  await once(server, "listening");
  try {
    const client = await dockerClient(socketPath);
    const controller = new AbortController();
    const asked = Array.from({ length: 10 }, async () => {
      await client.listContainers({ abortSignal: controller.signal }).catch(() => null);
    });
    for (let open = 0; open < asked.length; open += 1) await once(server, "request");
    const { agent } = client.modem as { agent?: unknown };
    expect(inspect({ agent }, { showHidden: true, depth: null })).toBe("{ agent: Agent }");
    controller.abort();
    await Promise.all(asked);
  } finally {
    server.close();
    folder.remove();
  }
});
