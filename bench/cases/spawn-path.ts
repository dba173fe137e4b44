import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createGitFixture, startDockerEngine } from "@mosaic/testing";
import { type BenchCase, type Figure, median, timed } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";
import { scenario, startSystem } from "../../tests/system.ts";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";

const ROUNDS = 7;
const WORKER = fileURLToPath(import.meta.resolve("@mosaic/worker/bundle"));
const START = {
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

/** A program and its arguments: the worker in a sandbox with nothing around it. */
type Bare = () => readonly [string, ...string[]];

const NAMESPACES = "--unshare-all --die-with-parent --ro-bind / / --proc /proc --dev /dev --".split(" ");

const bareBubblewrap: Bare = () => ["bwrap", ...NAMESPACES, process.execPath, WORKER];

/** By the command line, which costs a little more than the engine's own interface; the image is Mosaic's, and there by then. */
function bareDocker(socketPath: string): Bare {
  const docker = ["docker", "-H", `unix://${socketPath}`] as const;
  const host = (path: string): string[] => ["-v", `${path}:${path}:ro`];
  return () => {
    const [image] = execFileSync(docker[0], [...docker.slice(1), "images", "-q", "mosaic/host-tools"], {
      encoding: "utf8",
    }).split("\n");
    const folders = ["/usr", dirname(process.execPath), WORKER].flatMap(host);
    const options = ["run", "-i", "--rm", "--network", "none", ...folders, "--entrypoint", process.execPath];
    return [...docker, ...options, image ?? "", WORKER];
  };
}

/** From nothing to ready. @returns ends it */
async function bareWorker([program, ...args]: readonly [string, ...string[]]): Promise<() => Promise<void>> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.write(`${JSON.stringify(START)}\n`);
  const ended = once(child, "exit").then(([code]) => `the bare worker ended with ${String(code)}`);
  const said = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  if (typeof said === "string") throw new Error(said);
  return async () => {
    // It ends when nobody speaks to it any more.
    child.stdin.end();
    await ended;
  };
}

async function floor(folder: string, bare: Bare): Promise<number> {
  const git = await createGitFixture("mosaic-bench-git-");
  const remote = await git.remote(TINY_REPOSITORY);
  const command = bare();
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const place = join(folder, `bare-${round}`);
    let end = async (): Promise<void> => {};
    samples.push(
      await timed(async () => {
        await git.git(remote, "worktree", "add", "-q", "-b", `bare-${round}`, place, "main");
        end = await bareWorker(command);
      }),
    );
    await end();
  }
  await git.dispose();
  return median(samples);
}

async function spawnOn(name: string, env: Readonly<Record<string, string>>, bare: Bare): Promise<Figure> {
  return await inTemporaryFolder(async (folder) => {
    const system = await startSystem(scenario("changes-nothing"), env);
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
      return {
        what: `spawn, ${name}: accepted to the first answer of the model, warm mirror`,
        value: median(samples),
        unit: "ms",
        floor: await floor(folder, bare),
        bar: { at: "most", of: "ratio", limit: 1.5 },
      };
    } finally {
      await system.close();
    }
  });
}

export const spawnPath: BenchCase = {
  name: "spawn",
  async run() {
    const bubblewrap = await spawnOn("bubblewrap", { SANDBOX_RUNTIME: "bubblewrap" }, bareBubblewrap);
    const engine = await startDockerEngine();
    try {
      const env = { SANDBOX_RUNTIME: "docker", DOCKER_SOCKET: engine.socketPath };
      return [bubblewrap, await spawnOn("docker", env, bareDocker(engine.socketPath))];
    } finally {
      await engine.close();
    }
  },
};
