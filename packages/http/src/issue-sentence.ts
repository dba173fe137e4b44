import type { z } from "zod";

type RawIssue = z.core.$ZodRawIssue;

/** Values that are listed; more do not help anybody. */
const MAX_VALUES = 20;

const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
  undefined: "missing",
};

const FORMATS: Readonly<Record<string, string>> = {
  uuid: "a UUID",
  guid: "a UUID",
  url: "a URL",
  email: "an e-mail address",
  datetime: "a date and time (ISO 8601)",
  date: "a date (YYYY-MM-DD)",
};

/** What a length is counted in. */
const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ["character", "characters"],
  array: ["item", "items"],
  set: ["item", "items"],
  map: ["entry", "entries"],
  object: ["key", "keys"],
  record: ["key", "keys"],
};

/**
 * What is wrong with a value, to be read after its name: what it is, and what it may be. Undefined leaves it to the
 * schema library. Texts are told by their length: they may be somebody's secret.
 */
export function issueSentence(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? "is required"
        : `must be ${KINDS[issue.expected] ?? issue.expected}, and is ${kindOf(issue.input)}`;
    case "too_big":
      return limit(issue, { bound: issue.maximum, word: "at most", strict: "less than" });
    case "too_small":
      return limit(issue, { bound: issue.minimum, word: "at least", strict: "more than" });
    case "invalid_value":
      return `must be ${listed(issue.values)}`;
    case "invalid_format":
      if (issue.format === "regex") return `must match ${issue.pattern ?? "its pattern"}`;
      return `must be ${FORMATS[issue.format] ?? `a valid ${issue.format}`}`;
    case "invalid_union":
      return "is none of what is allowed here";
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "custom":
    case "invalid_element":
    case "invalid_key":
    case "unrecognized_keys":
      return undefined;
  }
}

interface Bound {
  readonly bound: number | bigint;
  readonly word: string;
  readonly strict: string;
}

function limit(
  issue: RawIssue & { readonly origin: string; readonly inclusive?: boolean | undefined },
  { bound, word, strict }: Bound,
): string {
  const allowed = issue.inclusive === false ? strict : word;
  const unit = UNITS[issue.origin];
  if (unit === undefined) return `must be ${allowed} ${bound}, and is ${String(issue.input)}`;
  const [one, many] = unit;
  const size = sizeOf(issue.input);
  return `must have ${allowed} ${bound} ${Number(bound) === 1 ? one : many}, and has ${size}`;
}

function sizeOf(input: unknown): number {
  if (typeof input === "string" || Array.isArray(input)) return input.length;
  return typeof input === "object" && input !== null ? Object.keys(input).length : 0;
}

function kindOf(input: unknown): string {
  if (input === null) return "null";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "number") return Number.isNaN(input) ? "not one" : String(input);
  return typeof input === "boolean" ? String(input) : (KINDS[typeof input] ?? typeof input);
}

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, MAX_VALUES).map((value) => JSON.stringify(value));
  if (shown.length === 1) return shown[0] ?? "";
  return `one of ${shown.join(", ")}${values.length > shown.length ? ", …" : ""}`;
}
