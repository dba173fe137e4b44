import { forbidden, invalid, type Refusal } from "./answer.ts";
import { outreachOfContent, outreachOfMessages, outreachOfTools } from "./outreach.ts";

/** A request body as it goes on: checked, clamped, and written anew. */
export interface Admitted {
  readonly model: string;
  readonly maxTokens: number;
  readonly body: string;
  readonly streamed: boolean;
}

export interface PolicyOptions {
  /** The one model that this agent was given. */
  readonly model: string;
  readonly maxTokensLimit: number;
}

/** Fields that make a request neither dearer than its tokens nor reach further than its answer. */
const FIELDS = new Set(
  (
    "model max_tokens messages system tools tool_choice stream stop_sequences temperature top_k top_p thinking " +
    "metadata cache_control output_config output_format context_management compaction"
  ).split(" "),
);

/** Values of further fields that change nothing. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  speed: ["standard"],
  service_tier: ["standard_only"],
};

/**
 * Checks a request's body against what an agent may ask, and gives the body that goes on. It is written anew from
 * what was checked, so that there is no second reading of it (a repeated key, say) that was not checked.
 */
export function admit(
  text: string,
  kind: "messages" | "count_tokens",
  options: PolicyOptions,
): Admitted | Refusal {
  const body = parse(text);
  if (body === null) return invalid("the request body is not a JSON object");
  const refusal = refusalOf(body, options);
  if (refusal !== null) return refusal;
  if (kind === "count_tokens") return written(options.model, 0, body);
  const wanted = body["max_tokens"];
  if (typeof wanted !== "number" || !Number.isSafeInteger(wanted) || wanted < 1) {
    return invalid("max_tokens: must be a whole number of at least 1");
  }
  const maxTokens = Math.min(wanted, options.maxTokensLimit);
  return written(options.model, maxTokens, { ...body, max_tokens: maxTokens });
}

function written(
  model: string,
  maxTokens: number,
  body: Readonly<Record<string, unknown>>,
): Admitted | Refusal {
  try {
    return { model, maxTokens, body: JSON.stringify(body), streamed: body["stream"] === true };
  } catch {
    // JSON.stringify is recursive where JSON.parse is not.
    return invalid("the request body is nested too deeply");
  }
}

function refusalOf(body: Readonly<Record<string, unknown>>, { model }: PolicyOptions): Refusal | null {
  if (body["model"] !== model) {
    return forbidden(`this agent may use the model ${model}, not ${JSON.stringify(body["model"] ?? null)}`);
  }
  for (const [field, value] of Object.entries(body)) {
    const empty = value === null || (Array.isArray(value) && value.length === 0);
    if (FIELDS.has(field) || empty || HARMLESS[field]?.includes(value) === true) continue;
    return forbidden(`the field '${field.slice(0, 100)}' is not allowed by the gateway`);
  }
  const reach =
    outreachOfTools(body["tools"]) ??
    outreachOfMessages(body["messages"]) ??
    outreachOfContent(body["system"]);
  return reach === null ? null : forbidden(`not allowed by the gateway: ${reach}`);
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    // The caller answers 400 for everything that is not an object.
    return null;
  }
}
