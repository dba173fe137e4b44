import {
  errorOf,
  processesMentioning,
  startAlteringProxy,
  useTrial,
  withPodmanEngine,
} from "@mosaic/testing";
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { createDockerSandbox } from "../docker/create.ts";
import { SHOWN, startShown } from "../docker/fixtures/start-shown.ts";
import { LABELS } from "../docker/owner.ts";
import type { Controller } from "../cgroup/controllers.ts";
import { placesFor } from "../cgroup/places.ts";
import { connectPodman } from "./engine.ts";

const LIMITS = {
  memoryMb: 128,
  fileBytes: 3_000_000,
  openFiles: 200,
  tmpBytes: 2_048_000,
  processes: 50,
  cpus: 0.5,
};

/** What a file of a sandbox's control group says, by its names in versions 1 and 2. The limit may be set one group above. */
async function control(
  pid: string,
  controller: Controller,
  names: readonly [string, string],
): Promise<string> {
  const membership = await readFile(`/proc/${pid}/cgroup`, "utf8");
  const folders = placesFor(controller, "/sys/fs/cgroup", membership)
    .flatMap(({ parent, version }) => [parent, path.dirname(parent)].map((folder) => ({ folder, version })))
    .filter(({ folder }) => folder.includes("libpod-"));
  for (const { folder, version } of folders) {
    const said = await readFile(path.join(folder, names[version - 1] ?? ""), "utf8").catch(() => "max");
    if (!said.startsWith("max")) return said.trim();
  }
  return "nobody keeps it";
}

await withPodmanEngine(({ socketPath }) => {
  const trial = useTrial(() => createDockerSandbox({ name: "podman", socketPath }));

  /** A sandbox's process on the host, where the kernel shows what holds for it. */
  const running = async (): Promise<string> => {
    await startShown(trial, LIMITS);
    const engine = await connectPodman(socketPath);
    const [found] = await engine.list([`${LABELS.id}=${SHOWN}`]);
    return String((await engine.inspect(found?.Id ?? ""))?.State.Pid);
  };

  describe("the kernel shows of a running sandbox", () => {
    it("no rights, a filter, and limits of each process", async () => {
      const pid = await running();
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
        expect(status).toContain(`${set}:\t0000000000000000\n`);
      expect(status).toMatch(/^Uid:(\t1000){4}\nGid:(\t1000){4}\n/m);
      expect(status).toMatch(/^Groups:\t1000 \n/m);
      expect(status).toMatch(/^NoNewPrivs:\t1\nSeccomp:\t2\n/m);
      const limits = await readFile(`/proc/${pid}/limits`, "utf8");
      expect(limits).toMatch(/^Max core file size +0 +0 /m);
      expect(limits).toMatch(/^Max file size +3000000 +3000000 /m);
      expect(limits).toMatch(/^Max open files +200 +200 /m);
    });

    it("limits of all of them together", async () => {
      const pid = await running();
      const bytes = String(128 * 1024 * 1024);
      expect(await control(pid, "memory", ["memory.limit_in_bytes", "memory.max"])).toBe(bytes);
      const swap = await control(pid, "memory", ["memory.memsw.limit_in_bytes", "memory.swap.max"]);
      expect([bytes, "0"]).toContain(swap);
      expect(await control(pid, "pids", ["pids.max", "pids.max"])).toBe("50");
      const cpu = await control(pid, "cpu", ["cpu.cfs_quota_us", "cpu.max"]);
      expect(cpu.split(" ")[0]).toBe("50000");
    });

    it("namespaces of its own, and no file of the host but what was mounted", async () => {
      const pid = await running();
      for (const kind of ["cgroup", "ipc", "mnt", "net", "pid", "uts"])
        expect(await readlink(`/proc/${pid}/ns/${kind}`)).not.toBe(await readlink(`/proc/self/ns/${kind}`));
      const mounts = (await readFile(`/proc/${pid}/mounts`, "utf8"))
        .split("\n")
        .map((line) => line.split(" "))
        .filter((parts) => parts.length > 3)
        .map(([, target = "", type = "", options = ""]) => ({ target, type, options: options.split(",") }));
      const at = (target: string) => mounts.findLast((mount) => mount.target === target);
      expect(at("/")?.options).toContain("ro");
      const tmpfs = ["nosuid", "nodev", "size=2000k"];
      for (const target of ["/tmp", "/home/mosaic", "/scratch", "/dev/shm"])
        expect(at(target)).toMatchObject({ type: "tmpfs", options: expect.arrayContaining(tmpfs) });
      const hosts = mounts.filter(({ type }) => !/^(?:tmpfs|proc|sysfs|devpts|mqueue|cgroup2?)$/.test(type));
      expect(hosts.filter(({ options }) => !options.includes("ro"))).toEqual([]);
      const given = hosts.map(({ target }) => target).filter((target) => !/^\/(?:etc|opt)\//.test(target));
      expect(given.sort()).toEqual(["/", "/run/.containerenv", "/run/mosaic", "/run/podman-init", "/usr"]);
      expect(await readdir(`/proc/${pid}/root/sys`)).toEqual([]);
    });

    it("whose it is", async () => {
      await running();
      const [found] = await (await connectPodman(socketPath)).list([`${LABELS.id}=${SHOWN}`]);
      expect(found?.Labels).toMatchObject({
        "mosaic.instance": expect.stringMatching(/^[0-9a-f-]{36}$/),
        "mosaic.label": "agent:7",
        "mosaic.owner.pid": String(process.pid),
      });
    });
  });

  it("what loses its first process before the start is not left running, set up again or not", async () => {
    const engine = await connectPodman(socketPath);
    const marked = [`${LABELS.id}=lost`];
    const proxy = await startAlteringProxy(
      socketPath,
      () => undefined,
      async (asked) => {
        if (!asked.endsWith("/start")) return;
        const [made] = await engine.list(marked);
        process.kill((await engine.inspect(made?.Id ?? ""))?.State.Pid ?? 0, "SIGKILL");
      },
    );
    const sandbox = createDockerSandbox({ name: "podman", socketPath: proxy.socketPath });
    const starting = sandbox.start(trial.spec({ id: "lost", command: ["sleep", "1000"] }));
    const outcome = await starting.then(
      async ({ exited }) => await exited,
      (error: unknown) => error,
    );
    expect(outcome).not.toMatchObject({ code: 0 });
    expect(sandbox.list()).toEqual([]);
    while ((await engine.list(marked)).length > 0);
    await proxy.close();
    expect(await processesMentioning(trial.marker)).toEqual([]);
  });

  it("what could not be set up leaves nothing", async () => {
    const proxy = await startAlteringProxy(socketPath, (body) => {
      // More than any kernel gives.
      for (const limit of body["r_limits"] as { type: string; soft: number; hard: number }[])
        if (limit.type === "nofile") Object.assign(limit, { soft: 2 ** 31, hard: 2 ** 31 });
    });
    const sandbox = createDockerSandbox({ name: "podman", socketPath: proxy.socketPath });
    const error = await errorOf(sandbox.start(trial.spec({ id: "altered" })));
    await proxy.close();
    expect(error).toMatchObject({ message: expect.stringContaining("set up a container") });
    expect(sandbox.list()).toEqual([]);
    expect(await (await connectPodman(socketPath)).list([`${LABELS.id}=altered`])).toEqual([]);
  });
});
