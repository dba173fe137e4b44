import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TaskId } from "@mosaic/contracts";
import { describe, expect, it } from "vitest";
import { absoluteRepository, taskIdFor } from "./run.ts";

describe("taskIdFor", () => {
  it.each([
    ["Fix the failing test", "fix-the-failing-test-3fa9c1"],
    ["  Überprüfe: #42 (größe)!", "u-berpru-fe-42-gro-e-3fa9c1"],
    ["修复", "task-3fa9c1"],
    ["a".repeat(500), `${"a".repeat(40)}-3fa9c1`],
    [`${"a".repeat(39)} b`, `${"a".repeat(39)}-3fa9c1`],
  ])("of %j is %j", (work, id) => {
    expect(taskIdFor(work, "3fa9c1")).toBe(id);
    expect(TaskId.safeParse(id).success).toBe(true);
  });
});

describe("absoluteRepository", () => {
  it.each([
    ["https://example.com/a.git", "https://example.com/a.git"],
    ["ssh://git@example.com/a", "ssh://git@example.com/a"],
    ["git@example.com:a/b.git", "git@example.com:a/b.git"],
    ["/srv/app/", "/srv/app"],
    [".", "/home/me/here"],
    ["../app", "/home/me/app"],
    ["./a:b", "/home/me/here/a:b"],
    ["", ""],
  ])("%j becomes %j", (repository, absolute) => {
    expect(absoluteRepository(repository, "/home/me/here")).toBe(absolute);
  });

  it("takes a folder that is there for a folder, even if its name has a colon", () => {
    const cwd = mkdtempSync(join(tmpdir(), "mosaic-run-"));
    mkdirSync(join(cwd, "odd:name"));
    expect(absoluteRepository("odd:name", cwd)).toBe(join(cwd, "odd:name"));
    rmSync(cwd, { recursive: true });
  });
});
