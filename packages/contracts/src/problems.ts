import { z } from "zod";

const problem = (status: number, title: string) => ({ status, title }) as const;

/** Every problem a plane may answer with (RFC 9457). The code is stable; the detail says what was wrong here. */
export const PROBLEMS = {
  invalid_request: problem(400, "The request is not valid"),
  invalid_json: problem(400, "The body is not valid JSON"),
  unknown_agent_type: problem(400, "Unknown agent type"),
  unknown_gate_profile: problem(400, "Unknown gate profile"),
  custom_gates_required: problem(400, "The custom profile needs a list of gates"),
  empty_work_items: problem(400, "At least one work item is needed"),
  invalid_repository: problem(400, "The repository is not acceptable"),
  repository_scheme_refused: problem(400, "The repository's scheme is refused"),
  secret_in_request: problem(400, "The request contains a secret"),
  invalid_branch: problem(400, "The branch name is not acceptable"),
  sandbox_required: problem(400, "Agents of this instance run in a sandbox"),
  model_not_allowed: problem(400, "The model is not on this instance's list"),
  memory_not_allowed: problem(400, "More memory than a task may ask for"),
  runtime_unknown: problem(400, "No runtime has this name"),
  unauthenticated: problem(401, "A token is needed"),
  budget_exhausted: problem(402, "The budget is used up"),
  forbidden: problem(403, "The token does not allow this"),
  origin_not_allowed: problem(403, "The origin is not allowed"),
  egress_not_allowed: problem(403, "The network access is not allowed"),
  repository_not_allowed: problem(403, "The repository is not allowed"),
  not_found: problem(404, "No such route"),
  agent_not_found: problem(404, "No such agent"),
  orchestrator_not_found: problem(404, "No such orchestrator"),
  allowance_not_found: problem(404, "The fingerprint is not allowed"),
  method_not_allowed: problem(405, "The method is not allowed here"),
  task_conflict: problem(409, "The task id is taken by another request"),
  illegal_transition: problem(409, "The agent's state does not allow this"),
  orchestrator_alive: problem(409, "The orchestrator is alive"),
  ambiguous_id: problem(409, "The prefix fits more than one agent"),
  no_salvage: problem(404, "Nothing was saved of the agent's work"),
  no_diff: problem(409, "The agent has no snapshot yet"),
  body_too_large: problem(413, "The body is too large"),
  unsupported_media_type: problem(415, "The content type is not supported"),
  host_not_allowed: problem(421, "The host name is not served here"),
  agent_elsewhere: problem(421, "The agent's files are with another orchestrator"),
  branch_not_found: problem(422, "The branch does not exist"),
  repository_unreachable: problem(422, "The repository cannot be read"),
  commit_not_found: problem(422, "The commit cannot be read"),
  queue_full: problem(429, "The queue is full"),
  rate_limited: problem(429, "Too many requests"),
  internal: problem(500, "Something went wrong on our side"),
  shutting_down: problem(503, "The service is shutting down"),
  sandbox_unavailable: problem(503, "No sandbox is available"),
  runtime_unavailable: problem(503, "The runtime cannot be used now"),
  orchestrator_silent: problem(504, "The orchestrator that runs the agent does not answer"),
  store_unavailable: problem(503, "The store cannot be used now"),
} as const;

export type ProblemCode = keyof typeof PROBLEMS;
export const ProblemCode = z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]);

/** `application/problem+json`. */
export const Problem = z.object({
  type: z.string().meta({ description: "Stable name of the problem." }),
  title: z.string(),
  status: z.int(),
  detail: z.string().meta({ description: "What was wrong, and what would be right." }),
  code: ProblemCode,
  requestId: z.string(),
  errors: z
    .array(z.object({ pointer: z.string(), detail: z.string() }))
    .optional()
    .meta({ description: "Every field that was wrong, by JSON pointer." }),
});
export type Problem = z.infer<typeof Problem>;

/** Thrown by use cases and routes; the HTTP edge turns it into problem+json. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: Problem["errors"];
  /** Seconds for `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { errors?: Problem["errors"]; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ProblemError";
    this.code = code;
    this.errors = options.errors;
    this.retryAfter = options.retryAfter;
  }
}

/** The problem document for `error`. */
export function toProblem(error: ProblemError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:mosaic:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors ? { errors: error.errors } : {}),
  };
}
