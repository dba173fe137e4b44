import { defineRoute, ProblemError } from "@mosaic/contracts";
import { createHttpServer, hashToken, type HttpServer, LOOPBACK_HOSTS } from "@mosaic/http";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createClient } from "../src/index.ts";

const TOKEN = "a-token-of-sixteen-or-more";
const routes = {
  archive: defineRoute({
    method: "GET",
    path: "/archive",
    summary: "Bytes",
    scope: "read",
    query: z.object({ name: z.string().optional() }),
    response: "tar",
    status: 200,
    problems: ["not_found"],
  }),
} as const;

let server: HttpServer;
afterEach(() => server.close());

/** The real edge over one archive; answers with a client of it. */
async function serve(make: (signal: AbortSignal) => AsyncIterable<Uint8Array>) {
  server = createHttpServer({
    name: "archives",
    logger: createLogger({ name: "archives", level: "silent", redact: (text) => text }),
    metrics: createMetrics({ name: "archives", version: "0" }),
    findToken: (hash) =>
      Promise.resolve(hash === hashToken(TOKEN) ? { name: "test", scopes: ["read"] as const } : null),
    allowedHosts: LOOPBACK_HOSTS,
    allowedOrigins: [],
    closeGraceMs: 0,
  });
  server.mount(routes, {
    archive: ({ query }, { signal }) => {
      if (query.name === "none") throw new ProblemError("not_found", "there is no such archive");
      return make(signal);
    },
  });
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  return createClient({ baseUrl: url, token: TOKEN, routes, timeoutMs: 2000 });
}

async function read(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("download", () => {
  it("gives every byte as it is, also those that are no text", async () => {
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    const client = await serve(async function* () {
      for (let at = 0; at < sent.length; at += 65_536) yield sent.subarray(at, at + 65_536);
    });
    expect((await read(await client.download("archive"))).equals(sent)).toBe(true);
  });

  it("throws the server's refusal before anything is read", async () => {
    const client = await serve(async function* () {
      yield Buffer.from("x");
    });
    await expect(client.download("archive", { query: { name: "none" } })).rejects.toMatchObject({
      status: 404,
      problem: { code: "not_found" },
    });
  });

  it("throws while it is read when the archive breaks off, so that half of one is never taken for all", async () => {
    const client = await serve(async function* () {
      yield Buffer.alloc(100_000);
      throw new Error("the disk is gone");
    });
    const bytes = await client.download("archive");
    await expect(read(bytes)).rejects.toMatchObject({ name: "UnreachableError" });
  });

  it("throws when the server falls silent", async () => {
    const client = await serve(async function* (signal) {
      yield Buffer.from("x");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const bytes = await client.download("archive", {}, { timeoutMs: 200 });
    await expect(read(bytes)).rejects.toThrow("sent nothing for 200 ms");
  });

  it("tells the server when its reader has had enough", async () => {
    const told = Promise.withResolvers<void>();
    const client = await serve(async function* () {
      try {
        for (;;) yield Buffer.alloc(65_536);
      } finally {
        told.resolve();
      }
    });
    for await (const chunk of await client.download("archive")) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await told.promise;
  });
});
