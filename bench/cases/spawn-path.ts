import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createGitFixture } from "@mosaic/testing";
import { type BenchCase, median, timed } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";
import { scenario, startSystem } from "../../tests/system.ts";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";

const ROUNDS = 7;
const WORKER = fileURLToPath(import.meta.resolve("@mosaic/worker/bundle"));

/** A worker in a bare sandbox, from nothing to ready. */
async function bareWorker(): Promise<void> {
  const node = process.execPath;
  const args = [
    "--unshare-all",
    "--die-with-parent",
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--",
    node,
    WORKER,
  ];
  const child = spawn("bwrap", args, { stdio: ["pipe", "pipe", "ignore"] });
  const start = {
    type: "start",
    model: "m",
    system: "s",
    socketPath: "/nowhere",
    workdir: "/",
    maxTokens: 1000,
    maxTurns: 1,
    maxToolOutputBytes: 1000,
    streamRetries: 0,
    mcpServers: [],
  };
  child.stdin.write(`${JSON.stringify(start)}\n`);
  const ended = once(child, "exit").then(([code]) => `the bare worker ended with ${String(code)}`);
  const said = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  if (typeof said === "string") throw new Error(said);
  child.kill("SIGKILL");
  await ended;
}

async function floor(folder: string): Promise<number> {
  const git = await createGitFixture("mosaic-bench-git-");
  const remote = await git.remote(TINY_REPOSITORY);
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    samples.push(
      await timed(async () => {
        await git.git(
          remote,
          "worktree",
          "add",
          "-q",
          "-b",
          `bare-${round}`,
          join(folder, `bare-${round}`),
          "main",
        );
        await bareWorker();
      }),
    );
  }
  await git.dispose();
  return median(samples);
}

export const spawnPath: BenchCase = {
  name: "spawn",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const bare = await floor(folder);
      const system = await startSystem(scenario("changes-nothing"));
      try {
        const samples: number[] = [];
        for (let round = 0; round <= ROUNDS; round += 1) {
          let agentId = "";
          const ms = await timed(async () => {
            agentId = await system.spawn();
            await system.seen(agentId, "transcript.usage");
          });
          // The first one makes the mirror.
          if (round > 0) samples.push(ms);
          await system.seen(agentId, "agent.cleanup");
        }
        return [
          {
            what: "spawn: accepted to the first answer of the model, warm mirror",
            value: median(samples),
            unit: "ms",
            floor: bare,
            bar: { at: "most", of: "ratio", limit: 1.5 },
          },
        ];
      } finally {
        await system.close();
      }
    }),
};
