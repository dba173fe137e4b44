import { describe, expect, it } from "vitest";
import { noPaint, type Paint } from "../terminal/paint.ts";
import { patchLines } from "./patch.ts";

const tagged: Paint = (tone, text) => (tone === "plain" ? text : `<${tone}>${text}`);

describe("patchLines", () => {
  it("tells headers, hunks, additions and removals apart, even where a removed line looks like a header", () => {
    const patch = [
      "diff --git a/q.sql b/q.sql",
      "index 111..222 100644",
      "--- a/q.sql",
      "+++ b/q.sql",
      "@@ -1,3 +1,3 @@ select",
      " keep",
      "--- a comment",
      "+++ counter",
      " keep",
      "\\ No newline at end of file",
      "diff --git a/b b/b",
      "--- a/b",
      "+++ b/b",
      "@@ -0,0 +1 @@",
      "+x",
      "",
    ].join("\n");
    expect(patchLines(patch, tagged)).toEqual([
      "<strong>diff --git a/q.sql b/q.sql",
      "<strong>index 111..222 100644",
      "<strong>--- a/q.sql",
      "<strong>+++ b/q.sql",
      "<info>@@ -1,3 +1,3 @@ select",
      " keep",
      "<bad>--- a comment",
      "<good>+++ counter",
      " keep",
      "\\ No newline at end of file",
      "<strong>diff --git a/b b/b",
      "<strong>--- a/b",
      "<strong>+++ b/b",
      "<info>@@ -0,0 +1 @@",
      "<good>+x",
    ]);
  });

  it("shows what a file would do to the terminal, in names and hunk headings, too", () => {
    const patch = "diff --git a/\u001B[2J b/x\n@@ -1 +1 @@ \u001B]0;t\u0007\n-\u202Ea\n+b\u001B[8m";
    expect(patchLines(patch, noPaint)).toEqual([
      "diff --git a/^[[2J b/x",
      "@@ -1 +1 @@ ^[]0;t^G",
      "-<U+202E>a",
      "+b^[[8m",
    ]);
  });

  it("gives nothing for nothing", () => {
    expect(patchLines("", noPaint)).toEqual([]);
  });
});
