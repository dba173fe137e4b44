import { request } from "node:http";
import { percentile } from "./measure.ts";

// A process of its own: `stream-clients.ts <url> <clients>`; reads until the server ends the streams, then reports.

const [url = "", clients = "1"] = process.argv.slice(2);
const SAMPLED = 50;
const samples: number[] = [];
let bytes = 0;
let events = 0;
let open = Number(clients);

for (let index = 0; index < Number(clients); index += 1) {
  const call = request(url, { headers: { authorization: `Bearer ${process.env["TOKEN"] ?? ""}` } });
  call.on("response", (response) => {
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (index % SAMPLED !== 0) return;
      // Only a few clients are parsed: the others are there to be served.
      for (const [, at] of chunk.toString().matchAll(/at=([\d.]+)/g)) {
        events += 1;
        samples.push(performance.timeOrigin + performance.now() - Number(at));
      }
    });
    response.on("close", () => {
      open -= 1;
      if (open === 0)
        console.log(JSON.stringify({ p99: percentile(samples, 0.99), bytes, events: events * SAMPLED }));
    });
    if (index === Number(clients) - 1) console.log("connected");
  });
  call.end();
}
