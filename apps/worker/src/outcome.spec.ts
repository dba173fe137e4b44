import { APIConnectionError, APIError, APIUserAbortError } from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { outcomeOfError } from "./outcome.ts";

const inStream = (type: string): APIError =>
  new APIError(undefined, { error: { type, message: "why" } }, undefined, undefined);
const answered = (status: number, message: string): APIError =>
  APIError.generate(status, { error: { type: "x", message } }, undefined, new Headers());

describe("how a turn ended", () => {
  test("an answer with a status is final, with status and message", () => {
    expect(outcomeOfError(answered(400, "bad"))).toEqual({
      outcome: "model_error",
      message: "bad",
      status: 400,
    });
    expect(outcomeOfError(answered(529, "busy"))).toMatchObject({ outcome: "model_error", status: 529 });
    expect(outcomeOfError(answered(400, "prompt is too long: 5 > 4"))).toMatchObject({
      outcome: "context_overflow",
    });
  });

  test("an answer that broke off may be asked for again", () => {
    expect(outcomeOfError(inStream("overloaded_error"))).toEqual({ outcome: "again", message: "why" });
    const cut = new Error("terminated", { cause: new Error("other side closed") });
    expect(outcomeOfError(cut)).toEqual({ outcome: "again", message: "terminated: other side closed" });
  });

  test("an error in a stream that would only come again is final", () => {
    expect(outcomeOfError(inStream("invalid_request_error"))).toMatchObject({
      outcome: "model_error",
      message: "why",
    });
  });

  test("no connection is final, as the SDK has tried it several times", () => {
    expect(outcomeOfError(new APIConnectionError({ message: "refused" }))).toMatchObject({
      outcome: "model_error",
    });
  });

  test("an abort is a cancellation", () => {
    expect(outcomeOfError(new APIUserAbortError())).toEqual({ outcome: "cancelled" });
  });
});
