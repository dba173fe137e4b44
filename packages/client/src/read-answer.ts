import { Problem, type Route } from "@mosaic/contracts";
import { ApiError, InvalidResponseError } from "./errors.ts";

const SNIPPET = 200;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not JSON is an expected answer of something that is not our server; the caller tells what it got.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function retryAfterOf(response: Response): number | undefined {
  const value = response.headers.get("retry-after");
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

function snippetOf(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > SNIPPET ? `${line.slice(0, SNIPPET)}…` : line || "(an empty answer)";
}

/** Why the server refused, as an error to throw. */
export async function refusalOf(response: Response, what: string): Promise<ApiError> {
  const text = await response.text();
  const body = parseJson(text);
  const parsed = Problem.safeParse(body);
  const problem = parsed.success ? parsed.data : undefined;
  const message =
    problem?.detail ?? `${what} was answered with status ${response.status}: ${snippetOf(text)}`;
  return new ApiError(message, {
    status: response.status,
    problem,
    body,
    retryAfter: retryAfterOf(response),
  });
}

/**
 * The answer of a route: parsed and checked, or the text of a `text` route.
 * @throws ApiError, InvalidResponseError
 */
export async function readAnswer(route: Route, response: Response): Promise<unknown> {
  const what = `${route.method} ${route.path}`;
  if (!response.ok) throw await refusalOf(response, what);
  const text = await response.text();
  if (typeof route.response === "string") return text;
  const result = route.response.safeParse(parseJson(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where =
    issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}: ${issue.message}`;
  throw new InvalidResponseError(
    `the answer to ${what} does not fit the contract${where}; is the server of another version? It began: ${snippetOf(text)}`,
    { cause: result.error },
  );
}
