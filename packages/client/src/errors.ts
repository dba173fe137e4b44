import type { Problem } from "@mosaic/contracts";

/** The server answered, and refused. */
export class ApiError extends Error {
  readonly status: number;
  /** Set when the answer was problem+json; `problem.code` is what to switch on. */
  readonly problem: Problem | undefined;
  /** The answer's JSON, when it was JSON. */
  readonly body: unknown;
  /** Seconds, from `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    facts: { status: number; problem: Problem | undefined; body: unknown; retryAfter: number | undefined },
  ) {
    super(message);
    this.name = "ApiError";
    this.status = facts.status;
    this.problem = facts.problem;
    this.body = facts.body;
    this.retryAfter = facts.retryAfter;
  }
}

/** No answer: nobody listens there, the connection broke, or the time was up. */
export class UnreachableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnreachableError";
  }
}

/** An answer that does not fit the contract: another version, or not our server at all. */
export class InvalidResponseError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InvalidResponseError";
  }
}
