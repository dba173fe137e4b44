import { describe, expect, test } from "vitest";
import { readMessage } from "./messages.ts";

const read = (value: unknown): unknown => readMessage(value, 100);
const assistant = (...content: object[]): object => ({
  type: "assistant",
  message: { id: "msg_1", content },
});

describe("a message of Claude Code", () => {
  test("tells what the model said and called", () => {
    const message = assistant(
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "I look." },
      { type: "text", text: "" },
      { type: "tool_use", id: "t1", name: "Write", input: { content: "x".repeat(200) } },
    );
    expect(read(message)).toEqual({
      answer: "msg_1",
      events: [
        { type: "text", text: "I look." },
        {
          type: "tool_call",
          callId: "t1",
          name: "Write",
          input: { content: expect.stringContaining("100 bytes cut out") },
        },
      ],
    });
  });

  test("tells what came of a call, whatever it is made of", () => {
    const content = [
      { type: "text", text: "Not this." },
      { type: "tool_result", tool_use_id: "t1", content: "plain" },
      {
        type: "tool_result",
        tool_use_id: "t2",
        is_error: true,
        content: [{ type: "text", text: "a" }, { type: "image" }],
      },
      { type: "tool_result", tool_use_id: "t3" },
    ];
    const result = { type: "tool_result", truncated: false };
    expect(read({ type: "user", message: { content } })).toEqual({
      events: [
        { ...result, callId: "t1", isError: false, output: "plain" },
        { ...result, callId: "t2", isError: true, output: "a\n(image)" },
        { ...result, callId: "t3", isError: false, output: "" },
      ],
    });
    expect(read({ type: "user", message: { content: "a prompt" } })).toEqual({ events: [] });
  });

  test("does not pass Claude Code's own words off as the model's", () => {
    const message = { ...assistant({ type: "text", text: "API Error" }), error: "rate_limit" };
    expect(read(message)).toEqual({ events: [] });
  });

  test.each([
    [{ subtype: "api_retry", attempt: 2, error_status: 529 }, /HTTP 529; it is repeated \(2\)/],
    [{ subtype: "api_retry", attempt: 1, error_status: null }, /broke off; it is repeated \(1\)/],
    [{ subtype: "compact_boundary" }, /summarised/],
    [{ subtype: "permission_denied", tool_name: "Bash" }, /Bash was not allowed/],
  ])("is a notice: %j", (fields, text) => {
    expect(read({ type: "system", ...fields })).toMatchObject({
      events: [{ type: "notice", text: expect.stringMatching(text) }],
    });
  });

  test("means nothing when its kind is not known", () => {
    expect(read({ type: "from_the_future", secret: 1 })).toEqual({ events: [] });
    expect(read({ type: "system", subtype: "status" })).toMatchObject({ events: [] });
  });

  test.each([
    [null],
    ["text"],
    [{}],
    [{ type: "assistant" }],
    [{ type: "assistant", message: { id: 1, content: [] } }],
    [{ type: "user", message: {} }],
    [{ type: "result", subtype: "success" }],
  ])("is none: %j", (value) => {
    expect(read(value)).toBeNull();
  });
});
