import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { Part, Subject } from "../conformance/subject.ts";
import { buildWorker, workerRuntime, writeWorker } from "./spec-support.ts";

/** A worker that is ready, and then does this when it is prompted. */
const worker = (onPrompt: string, onStart = "ready()"): string => `
import { createInterface } from "node:readline";
const say = (message) => process.stdout.write(JSON.stringify(message) + "\\n");
const ready = () => say({ type: "ready", pid: process.pid, node: process.version });
createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.type === "start") { ${onStart}; }
  if (message.type === "prompt") { ${onPrompt}; }
});
`;

const BROKEN: Partial<Record<Part, string>> = {
  garbage: worker('process.stdout.write("{nonsense\\n")'),
  flood: worker(
    'const on = () => { while (process.stdout.write(JSON.stringify({ type: "text", text: "on and on" }) + "\\n")); }; process.stdout.on("drain", on); on()',
  ),
  "long-line": worker('say({ type: "text", text: "x".repeat(20_001) })'),
  crash: worker('process.stderr.write("last word", () => process.exit(3))'),
  shot: worker('process.kill(process.pid, "SIGKILL")'),
  deaf: worker(""),
  leave: worker('say({ type: "turn_end", outcome: "done", requests: 1 }); process.exit(0)'),
  stillborn: worker("", "process.exit(9)"),
  mute: worker("", ""),
};

/** Our worker as the suite of all runtimes sees it. Bundles it for the tests of this file. */
export function useSdkWorker(): Subject {
  let folder = "";
  let built = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "rt-bundle-"));
    built = await buildWorker(folder);
  });
  afterAll(async () => rm(folder, { recursive: true }));
  return {
    name: "sdk-worker",
    metered: true,
    hasProtocol: true,
    isReadyFirst: true,
    async runtime(part, { folder: own, ...stage }) {
      const broken = BROKEN[part];
      const workerBundle = broken === undefined ? built : await writeWorker(own, broken);
      return workerRuntime({ workerBundle, ...stage });
    },
  };
}
