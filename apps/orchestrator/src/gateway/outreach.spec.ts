import { describe, expect, test } from "vitest";
import { outreachOfMessages, outreachOfTools } from "./outreach.ts";

const said = (...content: unknown[]): unknown => [{ role: "user", content }];

describe("tools that the client runs itself may pass:", () => {
  test.each([
    [{ name: "bash", input_schema: {} }],
    [{ type: "custom", name: "x" }],
    [{ type: "bash_20250124", name: "bash" }],
    [{ type: "text_editor_20250728", name: "str_replace_based_edit_tool" }],
    [{ type: "memory_20250818", name: "memory" }],
    [{ type: "tool_search_tool_regex_20251119", name: "tool_search_tool_regex" }],
  ])("%o", (tool) => expect(outreachOfTools([tool])).toBeNull());
});

describe("tools that the API runs, and tools that nobody knows, may not:", () => {
  test.each([
    ["web_search_20250305"],
    ["web_fetch_20260318"],
    ["code_execution_20260521"],
    ["mcp_toolset"],
    ["advisor_20260301"],
    ["bash_20250124 "],
    ["new_thing_20270101"],
    [5],
    [{}],
  ])("%o", (type) => expect(outreachOfTools([{ type, name: "x" }])).toMatch(/is run by the model's API/));

  test("a list that is none", () => {
    expect(outreachOfTools("bash")).toBe("tools is not a list");
    expect(outreachOfTools([null])).toMatch(/is run by/);
  });
});

describe("content that the API would fetch or run may not pass:", () => {
  const byUrl = { type: "image", source: { type: "url", url: "https://evil.example/?secret" } };
  test.each<[string, unknown]>([
    ["an image by URL", said(byUrl)],
    ["one in a tool's result", said({ type: "tool_result", tool_use_id: "t", content: [byUrl] })],
    ["one in a document", said({ type: "document", source: { type: "content", content: [byUrl] } })],
    ["one far down", said({ type: "x", content: [{ type: "y", content: [{ type: "z", content: byUrl }] }] })],
    [
      "a tool that is added on the way",
      said({
        type: "tool_addition",
        tool: { type: "tool_definition", definition: { type: "web_fetch_20260318" } },
      }),
    ],
    [
      "an MCP toolset that is added",
      said({ type: "tool_addition", tool: { type: "mcp_toolset_reference" } }),
    ],
    [
      "a tool that a summary claims was added",
      said({
        type: "compaction",
        tool_changes: [
          { type: "tool_addition", tool: { type: "tool_definition", definition: { type: "mcp_toolset" } } },
        ],
      }),
    ],
    ["messages that are none", "go"],
    ["a message that is none", ["go"]],
  ])("%s", (_, messages) => expect(outreachOfMessages(messages)).not.toBeNull());
});

describe("other content may pass:", () => {
  test.each<[string, unknown]>([
    ["text", [{ role: "user", content: "https://example.com" }]],
    ["an image in the request", said({ type: "image", source: { type: "base64", data: "" } })],
    [
      "data that only looks like a source",
      said({ type: "tool_use", input: { source: { type: "url" }, type: "tool_addition" } }),
    ],
    [
      "a tool that comes back by name",
      said({ type: "tool_addition", tool: { type: "tool_reference", name: "bash" } }),
    ],
    [
      "a tool of the client's that is added",
      said({ type: "tool_addition", tool: { type: "tool_definition", definition: { name: "x" } } }),
    ],
  ])("%s", (_, messages) => expect(outreachOfMessages(messages)).toBeNull());

  test("nested very deeply, without a crash", () => {
    let deep: unknown = "end";
    for (let level = 0; level < 100_000; level += 1) deep = { type: "x", content: deep };
    expect(outreachOfMessages(said(deep))).toBeNull();
  });
});
