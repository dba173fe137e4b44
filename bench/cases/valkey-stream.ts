import type { StoredEvent } from "@mosaic/contracts";
import type { BenchCase } from "../measure.ts";
import { stampedText, streamToClients } from "../serve-stream.ts";
import { withServers } from "../servers.ts";

export const valkeyStream: BenchCase = {
  name: "valkey-stream",
  run: () =>
    withServers(async (servers) => {
      // One orchestrator writes, the other one has the clients.
      const [writer, { state }] = [await servers.open(), await servers.open()];
      const source = {
        after: async () => [],
        range: () => state.eventRange(),
        subscribe: (listener: (events: readonly StoredEvent[]) => void) => state.subscribe(listener),
      };
      const written: Promise<unknown>[] = [];
      const load = await streamToClients<StoredEvent>(source, 40, () => {
        const data = { text: stampedText() };
        const time = new Date().toISOString();
        written.push(writer.state.append([{ type: "transcript.text", time, subject: "bench", data }]));
      });
      await Promise.all(written);
      return [
        {
          what: "valkey: 40 events/s of one to 1,000 clients of another, p99",
          value: load.p99,
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 100 },
        },
      ];
    }),
};
