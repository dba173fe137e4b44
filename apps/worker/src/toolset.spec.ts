import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FromWorker } from "@mosaic/contracts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createToolset, type Toolset } from "./toolset.ts";

let workdir = "";
let toolset: Toolset;
let events: FromWorker[] = [];

beforeEach(async () => {
  workdir = await mkdtemp(join(tmpdir(), "toolset-"));
  events = [];
  toolset = createToolset({ workdir, maxOutputBytes: 200, emit: (event) => events.push(event) });
});
afterEach(async () => {
  await toolset.close();
  await rm(workdir, { recursive: true });
});

async function call(name: string, input: unknown, id = name): Promise<unknown> {
  const tool = toolset.tools.find((candidate) => "name" in candidate && candidate.name === name);
  const toolUse = { type: "tool_use" as const, id, name, input };
  return tool?.run(input, { toolUse, toolUseBlock: toolUse });
}

describe("the toolset", () => {
  test("runs calls that come together one after the other, so that two edits of a file both hold", async () => {
    await writeFile(join(workdir, "a.txt"), "one two");
    await Promise.all([
      call("edit", { file_path: "a.txt", old_string: "one", new_string: "1" }, "first"),
      call("edit", { file_path: "a.txt", old_string: "two", new_string: "2" }, "second"),
      call("bash", { command: "cat a.txt" }, "third"),
    ]);
    expect(await readFile(join(workdir, "a.txt"), "utf8")).toBe("1 2");
    expect(events.map((event) => "callId" in event && event.callId)).toEqual(["first", "second", "third"]);
    expect(events[2]).toMatchObject({ output: "1 2", isError: false });
  });

  test("goes on after a call that failed", async () => {
    const [failed, worked] = await Promise.allSettled([
      call("bash", { command: "echo no >&2; (exit 3)" }),
      call("bash", { command: "echo yes" }),
    ]);
    expect(failed.status).toBe("rejected");
    expect(worked).toMatchObject({ status: "fulfilled", value: "yes" });
    expect(events).toMatchObject([
      { type: "tool_result", isError: true, output: "no" },
      { type: "tool_result", isError: false, output: "yes" },
    ]);
  });

  test("cuts long output, for the model as for the events", async () => {
    const output = await call("bash", { command: "seq 1 1000" });
    expect(output).toMatch(/^1\n2\n.*bytes cut out.*\n1000$/s);
    expect(events).toMatchObject([{ output, truncated: true }]);
  });

  test("does not let file tools out of the folder, through a link either", async () => {
    await symlink("/etc", join(workdir, "link"));
    for (const path of ["/etc/hostname", "../x", "link/hostname"]) {
      await expect(call("read", { file_path: path })).rejects.toThrow(
        /outside|escapes|not allowed|permitted/,
      );
      await expect(call("write", { file_path: path, content: "x" })).rejects.toThrow(
        /outside|escapes|not allowed|permitted/,
      );
    }
    expect(events.every((event) => event.type === "tool_result" && event.isError)).toBe(true);
  });

  test("answers an input that does not fit with an error, not with a crash", async () => {
    await expect(call("read", { file_path: 5 })).rejects.toThrow(/path 5/);
    await expect(call("bash", {})).rejects.toThrow("command is required");
    expect(events).toHaveLength(2);
  });
});
