import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

const STATUS: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, "The request's headers are larger than this server takes."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not arrive completely in time."],
};

/** Answers what is not HTTP, too large or too slow to become a request, and hangs up. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || socket.destroyed || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, detail] = STATUS[error.code ?? ""] ?? [400, "This is not a valid HTTP request."];
  const title = STATUS_CODES[status] ?? "";
  const body = JSON.stringify({ type: "about:blank", title, status, detail });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}
