import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import {
  collect,
  createDockerSandbox,
  type SandboxSpec,
  toolchainInImage,
  toolchainMounts,
} from "@mosaic/sandbox";
import { fakeSecret } from "@mosaic/replay";
import { withDockerEngine } from "@mosaic/testing";
import Dockerode from "dockerode";
import { pack } from "tar-stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.ts";
import { startSystem, type System } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

const TARGET = "api.test.example:8443";
const IMAGE = "mosaic-agent:latest";
const WORKER = fileURLToPath(new URL("../apps/worker/dist/worker.mjs", import.meta.url));

await withDockerEngine((engine) => {
  let folder = "";
  let system: System | null = null;

  const mosaic = async (...args: string[]) =>
    await runCli([...args, "--socket", engine.socketPath], { HOME: folder, MOSAIC_HOME: folder });
  const docker = () => new Dockerode({ socketPath: engine.socketPath });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mosaic-image-"));
    const built = await mosaic("image", "build", "--from-host");
    if (built.code !== 0) throw new Error(`the image could not be built:\n${built.printed}`);
  }, 300_000);

  afterEach(async () => {
    await system?.close();
    system = null;
  });

  afterAll(() => rm(folder, { recursive: true }));

  /** Runs a command in a sandbox of the image, with what of ours agents get beside it. */
  async function inImage(
    command: readonly [string, ...string[]],
  ): Promise<{ code: number | null; output: string }> {
    const nodePath = process.execPath;
    const host = await toolchainMounts({ nodePath, path: process.env["PATH"] ?? "", home: homedir() });
    const tools = toolchainInImage(host);
    const spec: SandboxSpec = {
      id: "image",
      label: "image",
      image: IMAGE,
      command,
      env: { PATH: tools.path, HOME: "/home/mosaic" },
      cwd: "/tree",
      mounts: [
        ...tools.mounts,
        { source: folder, target: "/tree", writable: false },
        { source: dirname(WORKER), target: "/opt/mosaic/worker", writable: false },
      ],
      scratch: [],
      limits: { memoryMb: 512, fileBytes: 1e8, openFiles: 512, tmpBytes: 1e8, processes: 128, cpus: 1 },
    };
    const running = await createDockerSandbox({ socketPath: engine.socketPath }).start(spec);
    const { code, stdout, stderr } = await collect(running, {
      maxBytes: 1_000_000,
      timeoutMs: 60_000,
      stdin: "",
    });
    return { code, output: stdout.toString() + stderr.toString() };
  }

  describe("the agents' image", () => {
    it("is made without a registry, and leaves nothing but itself behind", async () => {
      const images = await docker().listImages({ all: true });
      expect(
        images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag !== "<none>:<none>"),
      ).toEqual([IMAGE]);
      const { code, printed } = await mosaic("image", "ls");
      expect(code).toBe(0);
      expect(printed).toContain("host (Debian packages of this host, and its Node)");
    });

    it("has node and git, an ordinary user, and certificates", async () => {
      const script =
        "id -u; node --version; git --version; git init -q /tmp/x && git -C /tmp/x status -s; awk 'BEGIN{print 6*7}'";
      const { code, output } = await inImage([
        "sh",
        "-c",
        `set -e; ${script}; grep -c BEGIN /etc/ssl/certs/ca-certificates.crt`,
      ]);
      expect(output).toMatch(new RegExp(`^1000\\n${process.version}\\ngit version .*\\n42\\n\\d+\\n$`));
      expect(code).toBe(0);
    });

    it("has all that the worker needs", async () => {
      const { code, output } = await inImage(["/usr/local/bin/node", "/opt/mosaic/worker/worker.mjs"]);
      expect({ code, output }).toEqual({ code: 0, output: "" });
    });

    it("says by itself that it is healthy", async () => {
      const container = await docker().createContainer({
        Image: IMAGE,
        Cmd: ["sleep", "600"],
        HostConfig: { NetworkMode: "none", ReadonlyRootfs: true, CapDrop: ["ALL"] },
        // As the image has it, only sooner: the engine asks for the first time after one interval.
        Healthcheck: { Interval: 200_000_000 },
      });
      try {
        const filters = JSON.stringify({ container: [container.id], event: ["health_status"] });
        const events = (await docker().getEvents({ filters })) as Readable;
        const told = createInterface({ input: events })[Symbol.asyncIterator]();
        await container.start();
        const first = await told.next();
        expect(first.value).toContain("health_status: healthy");
        events.destroy();
      } finally {
        await container.remove({ force: true });
      }
    });

    it("passes the check", async () => {
      const { code, printed } = await mosaic("image", "check", IMAGE);
      expect(printed).toContain("nothing wrong was found");
      expect(code).toBe(0);
    });

    it("is refused by the check when somebody has put in what must not be there", async () => {
      const tar = pack();
      tar.entry({ name: "bin/su", mode: 0o4755 }, "x");
      tar.entry(
        { name: "app/.npmrc", mode: 0o666 },
        `//registry.example.com/:_authToken=${fakeSecret("github-token")}\n`,
      );
      tar.finalize();
      const archive = Readable.from(tar, { objectMode: false });
      const stream = await docker().importImage(archive, { repo: "bad", tag: "1" });
      await new Promise((resolve) => docker().modem.followProgress(stream, resolve));
      const { code, printed } = await mosaic("image", "check", "bad:1");
      await docker().getImage("bad:1").remove();
      expect(code).toBe(1);
      for (const word of ["user:", "health:", "setuid: bin/su", "writable: app/.npmrc", "secret: app/.npmrc"])
        expect(printed).toContain(word);
    });

    it("is what a base branch may name: it is prepared, and agents and gates run, in it", async () => {
      const upstream = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
      await once(upstream.listen(0, "127.0.0.1"), "listening");
      const connecting = `node -e 'const { hostname, port } = new URL(process.env.HTTPS_PROXY);
        require("node:http").request({ hostname, port, method: "CONNECT", path: "${TARGET}" })
          .on("connect", (answer) => { console.log(answer.statusCode); process.exit(0); }).end()'`;
      const bash = `id -un; ls /usr/lib/python3 2>&1 | tail -1; say; ${connecting}`;
      const file = join(folder, "scenario.yaml");
      const repair = { edit: { path: "src/sum.js", old: "return a - b;", new: "return a + b;" } };
      const steps = [{ tools: [{ bash }] }, { tools: [repair] }, { say: "Done." }];
      await writeFile(file, JSON.stringify({ name: "image", description: "x", turns: [{ steps }] }));
      const env = {
        SANDBOX_RUNTIME: "docker",
        DOCKER_SOCKET: engine.socketPath,
        MOSAIC_EGRESS_ALLOW: TARGET,
      };
      system = await startSystem(`replay:${file}`, env, {
        egress: {
          resolve: async () => await Promise.resolve(["203.0.113.80"]),
          dial: () => connect((upstream.address() as AddressInfo).port, "127.0.0.1"),
        },
      });
      const prepare = [
        'mkdir "$MOSAIC_ENVIRONMENT/bin"',
        'printf "#!/bin/sh\\necho prepared by %s\\n" "$(id -un)" > "$MOSAIC_ENVIRONMENT/bin/say"',
        'chmod +x "$MOSAIC_ENVIRONMENT/bin/say"',
      ];
      const repository = await system.remote({
        ...TINY_REPOSITORY,
        ".mosaic/environment.json": JSON.stringify({ image: IMAGE, prepare }),
      });
      const agentId = await system.spawn({ repository, options: { egress: [TARGET] } });
      const agent = await system.ended(agentId);
      upstream.close();
      expect(agent, agent.error).toMatchObject({ status: "completed", sandbox: "docker" });
      const events = await system.events(agentId);
      expect(events.find(({ type }) => type === "workspace.environment")).toMatchObject({
        data: { image: IMAGE, egress: [TARGET] },
      });
      const { data } = events.find(({ type }) => type === "transcript.tool_result") ?? { data: {} };
      expect((data as { output: string }).output).toMatch(
        /^mosaic\n.*No such file.*\nprepared by mosaic\n200$/s,
      );
    });
  });

  it("is not made from an image that cannot be had", async () => {
    const { code, printed } = await mosaic(
      "image",
      "build",
      "--base",
      "registry.invalid/nothing:1",
      "--tag",
      "other:1",
    );
    expect(code).toBe(1);
    expect(printed).toContain("--from-host");
  });

  it("is begun with an image that is here, without asking a registry, and with one image only", async () => {
    const built = await mosaic("image", "build", "--base", IMAGE, "--tag", "other:1");
    expect(built.code, built.printed).toBe(0);
    expect(built.printed).toContain(`from ${IMAGE} (sha256:`);
    await docker().getImage("other:1").remove();
    const { code, printed } = await mosaic("image", "build", "--base", IMAGE, "--from-host");
    expect(code).toBe(2);
    expect(printed).toContain("name one");
  });
});
