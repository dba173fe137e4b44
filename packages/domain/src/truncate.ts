/** A text as far as it may go on, and whether something was cut out of it. */
export interface Truncated {
  readonly text: string;
  readonly truncated: boolean;
}

/**
 * Cuts the middle out of a text that is longer than `maxBytes` of UTF-8 and says so in its place: the beginning tells
 * what something is, the end how it came out. The marker itself is not counted.
 */
export function truncate(text: string, maxBytes: number): Truncated {
  // A UTF-16 unit makes at most three bytes, so most texts need no measuring.
  if (text.length * 3 <= maxBytes) return { text, truncated: false };
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return { text, truncated: false };
  const head = boundaryBefore(bytes, Math.ceil(maxBytes / 2));
  const tail = boundaryAfter(bytes, bytes.length - Math.floor(maxBytes / 2));
  const marker = `\n[… ${tail - head} bytes cut out …]\n`;
  return { text: bytes.toString("utf8", 0, head) + marker + bytes.toString("utf8", tail), truncated: true };
}

/** `value` with every string in it truncated. */
export function truncateStrings(value: unknown, maxBytes: number): unknown {
  if (typeof value === "string") return truncate(value, maxBytes).text;
  if (Array.isArray(value)) return value.map((item) => truncateStrings(item, maxBytes));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, truncateStrings(item, maxBytes)]),
  );
}

/** True for a byte in the middle of a character. */
function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function boundaryBefore(bytes: Buffer, at: number): number {
  let index = at;
  while (index > 0 && continues(bytes[index])) index -= 1;
  return index;
}

function boundaryAfter(bytes: Buffer, at: number): number {
  let index = at;
  while (index < bytes.length && continues(bytes[index])) index += 1;
  return index;
}
