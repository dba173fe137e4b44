import type { BenchCase } from "../measure.ts";
import { type StreamLoad, stampedText, streamToClients } from "../serve-stream.ts";

interface BenchEvent {
  readonly id: number;
  readonly type: string;
  readonly data: { readonly text: string };
}

function stream(perSecond: number): Promise<StreamLoad> {
  const listeners = new Set<(events: readonly BenchEvent[]) => void>();
  const source = {
    after: async () => [],
    range: async () => ({ oldest: 0, newest: 0 }),
    subscribe: (listener: (events: readonly BenchEvent[]) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return streamToClients<BenchEvent>(source, perSecond, (id) => {
    const event = { id, type: "transcript.text", data: { text: stampedText() } };
    for (const listener of listeners) listener([event]);
  });
}

export const eventStream: BenchCase = {
  name: "stream",
  async run() {
    const calm = await stream(40);
    const busy = await stream(1200);
    return [
      {
        what: "stream: 40 events/s to 1,000 clients, p99",
        value: calm.p99,
        unit: "ms",
        floor: null,
        bar: { at: "most", of: "value", limit: 100 },
      },
      {
        what: "stream: 1,200 events/s to 1,000 clients",
        value: busy.perSecond,
        unit: "deliveries/s",
        floor: null,
        bar: { at: "least", of: "value", limit: 1_000_000 },
      },
      {
        what: "stream: processor while doing so",
        value: busy.cores,
        unit: "cores",
        floor: null,
        bar: { at: "most", of: "value", limit: 0.5 },
      },
    ];
  },
};
