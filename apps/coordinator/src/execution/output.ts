/** What a gate's verdict shows of its output. */
export const OUTPUT_TAIL_BYTES = 8 * 1024;

// oxlint-disable no-control-regex -- control characters are what these take away

/** Escape sequences (CSI, OSC and its like, two-character ones), each in linear time: none can run over the start of another. */
const ESCAPES = [
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]/g,
  /(?:\u001B[\]PX^_]|[\u009D\u0090\u0098\u009E\u009F])[^\u0007\u001B\u0090\u0098\u009C-\u009F]*(?:\u0007|\u001B\\|\u009C)/g,
  /\u001B[ -/]*[0-~]/g,
];
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/**
 * Printed text without terminal control: escape sequences go, a carriage return starts the line anew as a terminal
 * would show it, every other control character but tab and newline goes, and so do marks that reorder text.
 */
export function plainText(printed: string): string {
  const text = ESCAPES.reduce((rest, pattern) => rest.replaceAll(pattern, ""), printed);
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  return lines.map((line) => line.slice(line.lastIndexOf("\r") + 1).replaceAll(CONTROL, "")).join("\n");
}

/** The last `maxBytes` of `text`, from the start of a line where there is one, marked when something was cut. */
export function lastBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const mark = "[…]\n";
  const kept = bytes
    .subarray(-(maxBytes - Buffer.byteLength(mark)))
    .toString("utf8")
    .replace(/^\uFFFD+/, "");
  const newline = kept.indexOf("\n");
  return mark + (newline >= 0 && newline < kept.length - 1 ? kept.slice(newline + 1) : kept);
}
