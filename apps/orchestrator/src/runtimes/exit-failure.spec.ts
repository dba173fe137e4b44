import type { SandboxExit } from "@mosaic/sandbox";
import { expect, test } from "vitest";
import { exitFailure } from "./exit-failure.ts";

const exit = (given: Partial<SandboxExit>): SandboxExit => ({
  code: null,
  signal: "SIGKILL",
  outOfMemory: false,
  outOfProcesses: false,
  ...given,
});

test.each<[string, SandboxExit, string, RegExp, string?]>([
  ["memory, by the sandbox", exit({ outOfMemory: true }), "", /ran out of memory \(limit 512 MB/],
  [
    "memory, by its own word",
    exit({ code: 134, signal: null }),
    "std::bad_alloc",
    /ran out of memory .*code 134/,
  ],
  [
    "processes",
    exit({ outOfProcesses: true }),
    "",
    /start more processes than a sandbox may have/,
    "process_limit",
  ],
  ["somebody's kill", exit({}), "", /was ended by SIGKILL, and not by us/],
  ["its own end", exit({ code: 3, signal: null }), "last word", /ended with code 3; it said: last word/],
])("an agent's process says what it ended by: %s", (_, how, stderr, said, reason = "runtime") => {
  expect(exitFailure(how, stderr, 512)).toMatchObject({ reason, message: expect.stringMatching(said) });
});
