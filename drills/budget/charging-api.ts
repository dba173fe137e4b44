import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { costUsd, DEFAULT_PRICES, NO_USAGE } from "@mosaic/domain";

export const MODEL = "claude-sonnet-5-5";

/** A server of the Messages API that keeps its own bill, whatever anyone else writes down. */
export interface ChargingApi {
  readonly url: string;
  /** US dollars charged so far: for whole answers, and for those nobody was there to hear. */
  charged(): number;
  answers(): number;
  close(): Promise<void>;
}

/** About what English and code have; the gateway reckons with more tokens than that. */
const BYTES_PER_TOKEN = 4;

/** Starts it on the loopback interface. Output is between one token and all of `max_tokens`, in a fixed order. */
export async function startChargingApi(): Promise<ChargingApi> {
  let bill = 0;
  let answers = 0;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { max_tokens: most } = JSON.parse(body) as { max_tokens: number };
      answers += 1;
      const inputTokens = Math.floor(Buffer.byteLength(body) / BYTES_PER_TOKEN);
      const outputTokens = 1 + ((answers * 7919) % most);
      bill += costUsd(MODEL, { ...NO_USAGE, inputTokens, outputTokens }, DEFAULT_PRICES);
      return answer(response, inputTokens, outputTokens);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    charged: () => bill,
    answers: () => answers,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, input: number, output: number): void {
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(event("message_start", { message: { usage: { input_tokens: input, output_tokens: 1 } } }));
  // Its own turn of the loop, so that a kill can come in between.
  setImmediate(() => {
    const usage = { input_tokens: input, output_tokens: output };
    response.write(event("message_delta", { delta: { stop_reason: "end_turn" }, usage }));
    response.end(event("message_stop", {}));
  });
}
