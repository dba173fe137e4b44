import type { CommitFiles } from "../src/detect/commit-files.ts";

/** A commit's files from a record; objects become JSON. */
export function commitFiles(contents: Record<string, string | object>): CommitFiles {
  return {
    commit: "a".repeat(40),
    paths: new Set(Object.keys(contents)),
    text: (path) => {
      const content = contents[path];
      return Promise.resolve((typeof content === "object" ? JSON.stringify(content) : content) ?? null);
    },
  };
}
