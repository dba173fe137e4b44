import { startAlteringProxy, withDockerEngine, withPodmanEngine } from "@mosaic/testing";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chooseSandbox } from "./choose.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mosaic-choose-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A bwrap that answers about itself, and does this for everything else. */
async function pretending(script: string): Promise<string> {
  const program = path.join(folder, "bwrap");
  await writeFile(
    program,
    `#!/bin/sh\ncase "$1" in --version) echo "bubblewrap 0.8.0"; exit;; --help) echo "--disable-userns --size BYTES"; exit;; esac\n${script}\n`,
  );
  await chmod(program, 0o755);
  return program;
}

/** Sockets that nobody listens on: what runs on the machine of the test does not matter. */
const noEngines = () => ({
  dockerSocket: path.join(folder, "docker.sock"),
  podmanSocket: path.join(folder, "podman.sock"),
});

describe("the choice of a sandbox", () => {
  it("is bubblewrap where there is no engine and a trial run isolates; it says why it is no engine", async () => {
    const choice = await chooseSandbox({ enabled: true, ...noEngines() });
    expect(choice).toMatchObject({ ok: true, sandbox: { name: "bubblewrap", isolates: true } });
    expect(choice).not.toHaveProperty("warning");
    expect(choice.ok && choice.facts).toEqual({
      name: "bubblewrap",
      isolates: true,
      limits: choice.ok && (await choice.sandbox.heldLimits()),
    });
    expect(choice).toHaveProperty(
      "detail",
      expect.stringMatching(/not docker: no engine .*not podman: no engine/),
    );
  });

  it("is none, with a warning, only when isolation was switched off", async () => {
    const choice = await chooseSandbox({ enabled: false });
    expect(choice).toMatchObject({ ok: true, sandbox: { name: "none", isolates: false } });
    const limits = { memory: "none", processes: "none", cpus: "none" };
    expect(choice).toHaveProperty("facts", { name: "none", isolates: false, limits });
    expect(choice).toHaveProperty("warning", expect.stringContaining("SANDBOX_ENABLED=false"));
  });

  it("is refused without bubblewrap, with what to install", async () => {
    expect(
      await chooseSandbox({ enabled: true, ...noEngines(), bubblewrap: { bwrapPath: "/nonexistent/bwrap" } }),
    ).toMatchObject({
      ok: false,
      problem: expect.stringContaining("/nonexistent/bwrap"),
      remedy: expect.stringContaining("apt-get install bubblewrap"),
    });
  });

  it("is refused where bubblewrap may not make namespaces, in its own words", async () => {
    const bwrapPath = await pretending("echo 'bwrap: No permissions to creating new namespace' >&2; exit 1");
    expect(await chooseSandbox({ enabled: true, ...noEngines(), bubblewrap: { bwrapPath } })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("No permissions to creating new namespace"),
    });
  });

  it.each([
    ["as bwrap itself", 'shift 3; exec "$@"'],
    ["as a child of it", 'shift 3; "$@"; exit $?'],
  ])("is refused when the command runs unconfined, %s", async (_how, script) => {
    const bwrapPath = await pretending(script);
    expect(await chooseSandbox({ enabled: true, ...noEngines(), bubblewrap: { bwrapPath } })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("no PID namespace of its own"),
    });
  });

  it("is refused when there is a namespace, but rights in it", async () => {
    const bwrapPath = await pretending(
      'shift 3; exec unshare --user --map-root-user --pid --fork --kill-child "$@"',
    );
    expect(await chooseSandbox({ enabled: true, ...noEngines(), bubblewrap: { bwrapPath } })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("does not isolate"),
    });
  });

  it("is nothing where the one the owner named does not work", async () => {
    expect(await chooseSandbox({ enabled: true, runtime: "docker", ...noEngines() })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("no engine listens at"),
      remedy: expect.stringContaining("DOCKER_SOCKET"),
    });
  });

  it("is not one that nobody asked for", async () => {
    const choice = await chooseSandbox({ enabled: true, runtime: "bubblewrap" });
    expect(choice).toMatchObject({ ok: true, sandbox: { name: "bubblewrap" } });
    expect(choice).toHaveProperty("detail", expect.not.stringContaining("docker"));
  });
});

await withDockerEngine(({ socketPath }) => {
  describe("with a Docker engine, the choice of a sandbox", () => {
    it("is Docker where a trial run isolates, before bubblewrap", async () => {
      const choice = await chooseSandbox({ enabled: true, ...noEngines(), dockerSocket: socketPath });
      expect(choice).toMatchObject({
        ok: true,
        sandbox: { name: "docker", isolates: true, takesImages: true },
        facts: { name: "docker", isolates: true },
      });
      // One source: the words say what the facts say.
      const { memory, processes, cpus } = (choice.ok && choice.facts.limits) || {};
      expect(choice).toHaveProperty(
        "detail",
        expect.stringContaining(`memory by ${memory}, processes by ${processes}, processors by ${cpus}`),
      );
    });

    it("is bubblewrap where the engine does not do as it is told, and says so", async () => {
      const proxy = await startAlteringProxy(socketPath, ({ HostConfig }) => delete HostConfig["PidsLimit"]);
      const choice = await chooseSandbox({ enabled: true, ...noEngines(), dockerSocket: proxy.socketPath });
      await proxy.close();
      expect(choice).toMatchObject({ ok: true, sandbox: { name: "bubblewrap" } });
      expect(choice).toHaveProperty("detail", expect.stringMatching(/not docker: .*PidsLimit/));
    });

    it("is bubblewrap where the engine does not see this host's files", async () => {
      const elsewhere = path.join(folder, "elsewhere");
      await mkdir(elsewhere, { mode: 0o777 });
      const proxy = await startAlteringProxy(socketPath, ({ HostConfig }) => {
        const mounts = HostConfig["Mounts"] as { Source: string; Target: string }[];
        for (const mount of mounts) if (mount.Target === "/probe") mount.Source = elsewhere;
      });
      const choice = await chooseSandbox({ enabled: true, ...noEngines(), dockerSocket: proxy.socketPath });
      await proxy.close();
      expect(choice).toMatchObject({ ok: true, sandbox: { name: "bubblewrap" } });
    });

    it("takes no engine from the environment", async () => {
      vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:9");
      const choice = await chooseSandbox({ enabled: true, runtime: "docker", dockerSocket: socketPath });
      vi.unstubAllEnvs();
      expect(choice).toMatchObject({ ok: true, sandbox: { name: "docker" } });
    });
  });
});

await withPodmanEngine(({ socketPath }) => {
  describe("with a Podman engine, the choice of a sandbox", () => {
    it("is Podman where there is no Docker, before bubblewrap", async () => {
      expect(await chooseSandbox({ enabled: true, ...noEngines(), podmanSocket: socketPath })).toMatchObject({
        ok: true,
        sandbox: { name: "podman", isolates: true, takesImages: true },
        facts: { limits: { memory: "kernel", processes: "kernel", cpus: "kernel" } },
      });
    });

    it("is Podman by its own API where its socket is in Docker's place, too", async () => {
      const both = { dockerSocket: socketPath, podmanSocket: socketPath };
      const choice = await chooseSandbox({ enabled: true, ...both });
      expect(choice).toMatchObject({ ok: true, sandbox: { name: "podman" } });
      expect(choice).toHaveProperty("detail", expect.stringContaining("not docker: "));
    });
  });
});
