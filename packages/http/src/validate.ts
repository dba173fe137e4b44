import { ProblemError, type ProblemCode, type Route } from "@mosaic/contracts";
import type { z } from "zod";
import { issueSentence } from "./issue-sentence.ts";

type Place = "params" | "query" | "body";
interface Issue {
  readonly place: Place;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input: unknown;
}

const MAX_ERRORS = 50;
const MAX_MESSAGE = 300;

export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** JSON pointer of what is wrong: in the body as it is, in the URL under `/params` or `/query`. */
function pointer({ place, path }: Issue): string {
  const steps = place === "body" ? path : [place, ...path];
  return steps.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    return `has unknown keys: ${issue.keys.slice(0, 10).join(", ")}`.slice(0, MAX_MESSAGE);
  }
  return issue.message.slice(0, MAX_MESSAGE);
}

function check(place: Place, schema: z.ZodType, value: unknown, issues: Issue[]): unknown {
  const result = schema.safeParse(value, { error: issueSentence });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const input = valueAt(value, issue.path);
    issues.push({ place, path: issue.path, input, message: messageOf(issue) });
  }
  return undefined;
}

/**
 * The first problem's own code when its path has one. A code about emptiness is only right for a value that is empty
 * or missing; anything deeper than the path is about one item, not about the field.
 */
function codeOf(route: Route, first: Issue): ProblemCode {
  const code = first.place === "body" ? route.fieldProblems?.[first.path.join(".")] : undefined;
  if (code === undefined) return "invalid_request";
  if (!code.startsWith("empty_")) return code;
  const isEmpty = first.input === undefined || (Array.isArray(first.input) && first.input.length === 0);
  return isEmpty ? code : "invalid_request";
}

function refuse(route: Route, issues: readonly [Issue, ...Issue[]]): never {
  const errors = issues
    .slice(0, MAX_ERRORS)
    .map((issue) => ({ pointer: pointer(issue), detail: issue.message }));
  const told = errors.slice(0, 3).map((error) => `${error.pointer || "The body"} ${error.detail}`);
  const more = issues.length > told.length ? `, and ${issues.length - told.length} more` : "";
  throw new ProblemError(codeOf(route, issues[0]), `${told.join("; ")}${more}.`, { errors });
}

function isEmptyBody(body: unknown): boolean {
  return body === undefined || (typeof body === "object" && body !== null && Object.keys(body).length === 0);
}

/**
 * The parsed input of a route; unknown query parameters are refused like unknown body fields.
 * @throws ProblemError with every field that is wrong
 */
export function createValidator(route: Route): (raw: RawInput) => RawInput {
  const query = route.query?.strict();
  return (raw) => {
    const issues: Issue[] = [];
    const parsed = {
      params: route.params === undefined ? undefined : check("params", route.params, raw.params, issues),
      query: query === undefined ? undefined : check("query", query, raw.query, issues),
      body: undefined as unknown,
    };
    if (route.body === undefined) {
      if (!isEmptyBody(raw.body)) {
        issues.push({ place: "body", path: [], input: raw.body, message: "is not expected: send none" });
      }
    } else if (raw.body !== undefined || route.bodyOptional !== true) {
      parsed.body = check("body", route.body, raw.body, issues);
    }
    const [first, ...rest] = issues;
    if (first !== undefined) refuse(route, [first, ...rest]);
    return parsed;
  };
}
