import { PROBLEMS, ProblemError, toProblem } from "@mosaic/contracts";
import type { Logger } from "@mosaic/telemetry";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Fastify's own refusals, in our words. What is not here is a fault of ours. */
const FRAMEWORK: Readonly<Record<string, (limit: number) => ProblemError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (limit) =>
    new ProblemError("body_too_large", `The body is larger than this server takes: ${limit} bytes.`),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new ProblemError("unsupported_media_type", "Send the body as 'Content-Type: application/json'."),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ProblemError("invalid_request", "The body's size is not what Content-Length says."),
  FST_ERR_BAD_URL: () => new ProblemError("invalid_request", "The URL is not validly encoded."),
  FST_ERR_MAX_PARAM_LENGTH: () => new ProblemError("invalid_request", "A part of the URL is too long."),
};

/** The problem to answer with; null when the error says nothing to a client. */
function asProblem(error: unknown, bodyLimit: number): ProblemError | null {
  if (error instanceof ProblemError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return FRAMEWORK[code]?.(bodyLimit) ?? null;
}

/** Answers with problem+json. Unknown errors are logged with the request's id and told to nobody. */
export function createProblemReply(
  logger: Logger,
  explain: (error: unknown) => ProblemError | null = () => null,
) {
  return function replyWithProblem(
    error: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply {
    const known = asProblem(error, reply.server.initialConfig.bodyLimit ?? 0);
    if (known === null) {
      logger.error(
        { err: error, requestId: request.id, route: request.routeOptions?.url },
        "a request failed",
      );
    }
    const problem = known ?? explain(error) ?? internal(request);
    if (problem.retryAfter !== undefined) reply.header("retry-after", Math.ceil(problem.retryAfter));
    return reply
      .code(PROBLEMS[problem.code].status)
      .header("content-type", "application/problem+json; charset=utf-8")
      .send(JSON.stringify(toProblem(problem, request.id)));
  };
}

function internal(request: FastifyRequest): ProblemError {
  return new ProblemError("internal", `Something went wrong on our side; the log has it as ${request.id}.`);
}
