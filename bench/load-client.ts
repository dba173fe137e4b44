import { Pool } from "undici";
import { percentile } from "./measure.ts";

// A process of its own, so that the load does not share the server's thread: `load-client.ts <url> <body> <seconds>`.

const [url = "", body = "", seconds = "3"] = process.argv.slice(2);
const CONNECTIONS = 50;
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
const headers = { "content-type": "application/json", authorization: `Bearer ${process.env["TOKEN"] ?? ""}` };
const end = performance.now() + Number(seconds) * 1000;
const samples: number[] = [];
let refused = 0;

async function lane(): Promise<void> {
  while (performance.now() < end) {
    const started = performance.now();
    const answer = await pool.request({ method: "POST", path: pathname, headers, body });
    await answer.body.dump();
    if (answer.statusCode >= 300) refused += 1;
    samples.push(performance.now() - started);
  }
}
await Promise.all(Array.from({ length: CONNECTIONS }, lane));
await pool.close();
console.log(
  JSON.stringify({ perSecond: samples.length / Number(seconds), p99: percentile(samples, 0.99), refused }),
);
