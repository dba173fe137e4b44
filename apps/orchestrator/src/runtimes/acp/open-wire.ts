import type { AnyMessage, Stream } from "@agentclientprotocol/sdk";
import type { SandboxProcess } from "@mosaic/sandbox";
import { readLines, type LineLimits, type LineReader } from "../read-lines.ts";
import { checkLine } from "./check-message.ts";

/** What may wait to be read by the agent, in bytes: a prompt, and room. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

interface WireOptions {
  readonly sandboxed: Pick<SandboxProcess, "stdin" | "stdout">;
  readonly output: LineLimits;
  /** Gets notifications in the order of the wire, before any answer that follows them. */
  readonly onNotification: (method: string, params: unknown) => void;
  readonly onOverflow: (why: string) => void;
  /** It does not follow the protocol. Nothing it says is passed on after that. */
  readonly onNonsense: (why: string) => void;
}

/** The protocol's messages on the stdio of a sandboxed process. What comes from it is checked, and counted. */
export function openWire(options: WireOptions): {
  readonly stream: Stream;
  readonly lines: LineReader;
} {
  const { sandboxed, output, onOverflow, onNonsense } = options;
  const open = new Set<unknown>();
  let ended = false;
  let controller: ReadableStreamDefaultController<AnyMessage> | undefined;
  const readable = new ReadableStream<AnyMessage>({
    start(given) {
      controller = given;
    },
    cancel() {
      ended = true;
    },
  });
  const lines = readLines(sandboxed.stdout, output, {
    onLine(line) {
      if (ended) return;
      const checked = checkLine(line, open);
      if (!checked.ok) {
        ended = true;
        return onNonsense(checked.why);
      }
      const { message } = checked;
      // The library would log those that it does not know, in the agent's words.
      if (!("id" in message)) return options.onNotification(message.method, message.params);
      if (!("method" in message)) open.delete(message.id);
      controller?.enqueue(message);
    },
    onOverflow,
  });
  const writable = new WritableStream<AnyMessage>({
    write(message) {
      if ("method" in message && "id" in message) open.add(message.id);
      sandboxed.stdin.write(`${JSON.stringify(message)}\n`);
      if (ended || sandboxed.stdin.writableLength <= MAX_UNREAD_BYTES) return;
      ended = true;
      onNonsense("it asks, and does not read the answers");
    },
  });
  return { stream: { readable, writable }, lines };
}
