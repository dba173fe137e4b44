import { APIConnectionError, APIError, APIUserAbortError } from "@anthropic-ai/sdk";
import type { TurnOutcome } from "@mosaic/contracts";

export interface Outcome {
  readonly outcome: TurnOutcome;
  readonly message?: string;
  readonly status?: number;
}

/** What an error means for the turn: `again` when the answer broke off and the same request may be sent again. */
export function outcomeOfError(
  error: unknown,
): Outcome | { readonly outcome: "again"; readonly message: string } {
  if (error instanceof APIUserAbortError) return { outcome: "cancelled" };
  if (!(error instanceof Error)) return { outcome: "model_error", message: String(error) };
  if (error instanceof APIError && error.status !== undefined) return refused(error.status, error);
  // The SDK has tried these several times already.
  if (error instanceof APIConnectionError) return { outcome: "model_error", message: causes(error) };
  const said = error instanceof APIError ? (error.apiMessage ?? error.message) : causes(error);
  if (error instanceof APIError && !isPassing(error.type)) return { outcome: "model_error", message: said };
  return { outcome: "again", message: said };
}

function refused(status: number, error: APIError): Outcome {
  const message = error.apiMessage ?? error.message;
  // The API has no error type of its own for this one.
  if (status === 400 && /prompt is too long/i.test(message))
    return { outcome: "context_overflow", message, status };
  return { outcome: "model_error", message, status };
}

/** Errors in a stream that the same request may not meet again. */
function isPassing(type: string | null): boolean {
  return (
    type === null || ["overloaded_error", "api_error", "rate_limit_error", "timeout_error"].includes(type)
  );
}

/** An error's message with those of its causes, which say more: `terminated: other side closed`. */
function causes(error: Error): string {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error && messages.length < 4; at = at.cause) {
    if (!messages.includes(at.message)) messages.push(at.message);
  }
  return messages.join(": ").slice(0, 500);
}
