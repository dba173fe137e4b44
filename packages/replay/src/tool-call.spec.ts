import { describe, expect, test } from "vitest";
import { toolCall } from "./tool-call.ts";

describe("a step, said to Claude Code", () => {
  const offered = ["Bash", "Edit", "Glob", "Grep", "Read", "Write"];

  test.each([
    [{ bash: "ls" }, { name: "Bash", input: { command: "ls" } }],
    [{ read: "a.ts" }, { name: "Read", input: { file_path: "a.ts" } }],
    [
      { read: { path: "a.ts", from: 3, to: 5 } },
      { name: "Read", input: { file_path: "a.ts", offset: 3, limit: 3 } },
    ],
    [{ read: { path: "a.ts", from: 3 } }, { name: "Read", input: { file_path: "a.ts", offset: 3 } }],
    [{ grep: "x" }, { name: "Grep", input: { pattern: "x", output_mode: "content" } }],
    [{ glob: "*.ts" }, { name: "Glob", input: { pattern: "*.ts" } }],
    [
      { edit: { path: "a.ts", old: "1", new: "2" } },
      { name: "Edit", input: { file_path: "a.ts", old_string: "1", new_string: "2" } },
    ],
  ])("%j", (step, call) => {
    expect(toolCall(step, offered)).toEqual(call);
  });
});
