import { stdSerializers } from "pino";

const CREDENTIAL =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]?key|password|secret|token)$/i;
const REDACTED = "[redacted]";
const MAX_DEPTH = 8;
const MAX_ITEMS = 200;

type Redact = (text: string) => string;

function redactEntries(source: object, redact: Redact, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  let left = MAX_ITEMS;
  for (const [key, value] of Object.entries(source)) {
    if (left-- === 0) {
      result["…"] = "more fields were left out";
      break;
    }
    const carriesCredential =
      CREDENTIAL.test(key) && (typeof value === "string" || typeof value === "object");
    result[key] = carriesCredential && value !== null ? REDACTED : redactValue(value, redact, depth + 1);
  }
  return result;
}

/** Goes through any value that is about to be logged. Bounded in depth and width, so that logging cannot be abused. */
export function redactValue(value: unknown, redact: Redact, depth = 0): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return "[too deep]";
  if (value instanceof Date) return value;
  if (value instanceof Error) return redactEntries(stdSerializers.err(value), redact, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return redactEntries(Object.fromEntries(value), redact, depth);
  if (Array.isArray(value) || value instanceof Set) {
    return Array.from(value)
      .slice(0, MAX_ITEMS)
      .map((item) => redactValue(item, redact, depth + 1));
  }
  return redactEntries(value, redact, depth);
}
