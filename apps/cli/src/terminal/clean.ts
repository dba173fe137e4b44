import type { Json } from "@mosaic/contracts";

/* eslint-disable no-control-regex -- control characters are what this file is about */

/**
 * Terminal sequences: OSC, DCS, APC, PM and SOS strings up to their end or the end of the line, then CSI, then other
 * escapes. Each branch only moves forward and excludes its own end, so time is linear in hostile text; Node's
 * `stripVTControlCharacters` is quadratic on unclosed OSC sequences.
 */
const SEQUENCES =
  /(?:\u001B[\]PX^_]|[\u009D\u0090\u0098\u009E\u009F])[^\u0007\u001B\u009C\n]*(?:\u0007|\u001B\\|\u009C)?|(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]?|\u001B[ -/]*[0-~]?/g;
/** Controls but tab and newline, and what reorders text so that it reads as something else. */
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
const UNSAFE_IN_JSON = /[\u007F-\u009F\u200E\u200F\u202A-\u202E\u2028\u2029\u2066-\u2069]/g;

/** Untrusted text, safe to print: no terminal sequence, no control but tab and newline, no reordering. */
export function clean(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll("\r", "\n")
    .replaceAll(SEQUENCES, "")
    .replaceAll(CONTROLS, "");
}

/** {@link clean}, in one line: runs of white space become one space. */
export function cleanLine(text: string): string {
  return clean(text).replaceAll(/\s+/g, " ").trim();
}

/** Every string in a value, keys included, cleaned. Renderers clean once at their door. */
export function cleanDeep<T>(value: T): T {
  if (typeof value === "string") return clean(value) as T;
  if (Array.isArray(value)) return value.map((item) => cleanDeep<unknown>(item)) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), cleanDeep(item)])) as T;
}

/** Text whose every byte matters, such as a patch, for a terminal: controls become visible (`^[`) instead of vanishing. */
export function visible(text: string): string {
  return text.replaceAll(CONTROLS, (char) => {
    const code = char.charCodeAt(0);
    if (code === 0x7f) return "^?";
    if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

const escapeUnit = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON in one line. What `JSON.stringify` lets through and a terminal would obey is written as an escape. */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSAFE_IN_JSON, escapeUnit);
}

/** A JSON value as one line for people. */
export function jsonForPeople(value: Json): string {
  return typeof value === "string" ? cleanLine(value) : cleanLine(JSON.stringify(value));
}
