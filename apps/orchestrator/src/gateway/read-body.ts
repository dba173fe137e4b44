import type { IncomingMessage } from "node:http";
import { invalid, type Refusal } from "./answer.ts";

/** Reads a request's body as text, or says why not. Reads no further than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | Refusal> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return { ...invalid("the request body must not be encoded"), status: 415, hangUp: true };
  }
  const tooLarge: Refusal = {
    status: 413,
    type: "request_too_large",
    message: `the request is larger than ${maxBytes} bytes`,
    retry: false,
    hangUp: true,
  };
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
