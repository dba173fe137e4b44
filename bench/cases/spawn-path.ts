import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createGitFixture, startDockerEngine } from "@mosaic/testing";
import { type BenchCase, type Figure, median, timed } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";
import { startSlowModel } from "../../load/slow-model.ts";
import { startSystem } from "../../tests/system.ts";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";

const ROUNDS = 7;
const WORKER = fileURLToPath(import.meta.resolve("@mosaic/worker/bundle"));
const start = (socketPath: string) => ({
  type: "start",
  model: "m",
  system: "s",
  socketPath,
  workdir: "/",
  maxTokens: 1000,
  maxTurns: 1,
  maxToolOutputBytes: 1000,
  streamRetries: 0,
  mcpServers: [],
});

/** A program and its arguments: the worker in a sandbox with nothing around it, which sees a folder of the host. */
type Bare = (folder: string) => readonly [string, ...string[]];

const NAMESPACES = "--unshare-all --die-with-parent --ro-bind / / --proc /proc --dev /dev --".split(" ");

const bareBubblewrap: Bare = () => ["bwrap", ...NAMESPACES, process.execPath, WORKER];

/** By the command line, which costs a little more than the engine's own interface; the image is Mosaic's, and there by then. */
function bareDocker(socketPath: string): Bare {
  const docker = ["docker", "-H", `unix://${socketPath}`] as const;
  const host = (path: string): string[] => ["-v", `${path}:${path}:ro`];
  return (folder) => {
    const [image] = execFileSync(docker[0], [...docker.slice(1), "images", "-q", "mosaic/host-tools"], {
      encoding: "utf8",
    }).split("\n");
    const folders = ["/usr", dirname(process.execPath), dirname(WORKER), folder].flatMap(host);
    const options = ["run", "-i", "--rm", "--network", "none", ...folders, "--entrypoint", process.execPath];
    return [...docker, ...options, image ?? "", WORKER];
  };
}

/** From nothing to its first request, to a model that answers nothing. @returns ends it */
async function bareWorker(
  [program, ...args]: readonly [string, ...string[]],
  model: { readonly server: Server; readonly socketPath: string },
): Promise<() => Promise<void>> {
  const asked = once(model.server, "request");
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
  const say = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const ended = once(child, "exit").then(([code]) => `the bare worker ended with ${String(code)}`);
  say(start(model.socketPath));
  const ready = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  if (typeof ready === "string") throw new Error(ready);
  say({ type: "prompt", text: "Do nothing." });
  const request = await Promise.race([asked, ended]);
  if (typeof request === "string") throw new Error(request);
  return async () => {
    model.server.closeAllConnections();
    // It ends when nobody speaks to it any more.
    child.stdin.end();
    await ended;
  };
}

async function floor(folder: string, bare: Bare): Promise<number> {
  const git = await createGitFixture("mosaic-bench-git-");
  const remote = await git.remote(TINY_REPOSITORY);
  const command = bare(folder);
  const socketPath = join(folder, "model.sock");
  const server = createServer(() => undefined).listen(socketPath);
  await once(server, "listening");
  // Not only Mosaic's own user asks.
  await Promise.all([chmod(folder, 0o755), chmod(socketPath, 0o777)]);
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const place = join(folder, `bare-${round}`);
    let end = async (): Promise<void> => {};
    samples.push(
      await timed(async () => {
        await git.git(remote, "worktree", "add", "-q", "-b", `bare-${round}`, place, "main");
        end = await bareWorker(command, { server, socketPath });
      }),
    );
    await end();
  }
  server.close();
  await git.dispose();
  return median(samples);
}

async function spawnOn(name: string, env: Readonly<Record<string, string>>, bare: Bare): Promise<Figure> {
  return await inTemporaryFolder(async (folder) => {
    const model = await startSlowModel({
      scenario: fileURLToPath(new URL("../../tests/scenarios/changes-nothing.yaml", import.meta.url)),
      thinkMs: 0,
      taskId: /bench-round-\d+/,
      now: Date.now,
    });
    const upstream = { CLAUDE_API_KEY: "bench-spawn", ANTHROPIC_BASE_URL: model.url };
    const system = await startSystem("anthropic", { ...upstream, ...env });
    try {
      const samples: number[] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        const taskId = `bench-round-${round}`;
        const agentId = await system.spawn({ taskId, workItem: `Do nothing (${taskId})` });
        const accepted = Date.now();
        await system.seen(agentId, "agent.cleanup");
        const asked = model.firstRequests.get(taskId);
        if (asked === undefined) throw new Error(`${agentId} asked no model`);
        // The first one makes the mirror.
        if (round > 0) samples.push(asked - accepted);
      }
      return {
        what: `spawn, ${name}: accepted to the first request to the model, warm mirror`,
        value: median(samples),
        unit: "ms",
        floor: await floor(folder, bare),
        bar: { at: "most", of: "ratio", limit: 1.5 },
      };
    } finally {
      await system.close();
      await model.close();
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
