import { useTrial, withDockerEngine } from "@mosaic/testing";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createDockerSandbox } from "./create.ts";
import { connectEngine } from "./engine.ts";
import { SHOWN, startShown } from "./fixtures/start-shown.ts";
import { LABELS } from "./owner.ts";

const LIMITS = {
  memoryMb: 128,
  fileBytes: 3_000_000,
  openFiles: 200,
  tmpBytes: 2_000_000,
  processes: 50,
  cpus: 0.5,
};

type Inspected = Record<"Config" | "HostConfig" | "State", Record<string, unknown>> & { Mounts: unknown[] };

/** What Docker's own client shows. */
async function inspect(socketPath: string, id: string): Promise<Inspected> {
  const { stdout } = await promisify(execFile)("docker", ["inspect", id], {
    env: { PATH: process.env["PATH"], DOCKER_HOST: `unix://${socketPath}` },
  });
  const [found] = JSON.parse(stdout) as [Inspected];
  return found;
}

await withDockerEngine(({ socketPath }) => {
  const trial = useTrial(() => createDockerSandbox({ socketPath }));

  describe("`docker inspect` of a running sandbox shows", () => {
    const shown = async (): Promise<Inspected> => {
      const running = await startShown(trial, LIMITS);
      const [found] = await (await connectEngine(socketPath)).list([`${LABELS.id}=${SHOWN}`]);
      const inspected = await inspect(socketPath, found?.Id ?? "");
      await running.kill();
      return inspected;
    };

    it("every wall, one by one", async () => {
      const { HostConfig, Config } = await shown();
      expect(Config).toMatchObject({ User: "1000:1000", NetworkDisabled: true, Tty: false });
      expect(HostConfig).toMatchObject({
        CapAdd: null,
        CapDrop: ["ALL"],
        Privileged: false,
        ReadonlyRootfs: true,
        NetworkMode: "none",
        IpcMode: "private",
        CgroupnsMode: "private",
        PidMode: "",
        UTSMode: "",
        Init: true,
        AutoRemove: false,
        Binds: null,
        Devices: null,
        DeviceRequests: null,
        VolumesFrom: null,
        PortBindings: null,
        RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
        LogConfig: { Type: "none", Config: {} },
      });
      const [first, filter = ""] = HostConfig["SecurityOpt"] as string[];
      expect(first).toBe("no-new-privileges:true");
      expect(filter).toMatch(/^seccomp=\{"defaultAction":"SCMP_ACT_ERRNO"/);
      expect(HostConfig["MaskedPaths"]).toContain("/sys");
      expect(HostConfig["ReadonlyPaths"]).toContain("/proc/sys");
    });

    it("every limit", async () => {
      const { HostConfig } = await shown();
      expect(HostConfig).toMatchObject({
        Memory: 128 * 1024 * 1024,
        MemorySwap: 128 * 1024 * 1024,
        NanoCpus: 500_000_000,
        PidsLimit: 50,
        ShmSize: 2_000_000,
        Ulimits: [
          { Name: "core", Soft: 0, Hard: 0 },
          { Name: "fsize", Soft: 3_000_000, Hard: 3_000_000 },
          { Name: "nofile", Soft: 200, Hard: 200 },
        ],
      });
      expect(Object.keys(HostConfig["Tmpfs"] as object).sort()).toEqual(["/home/mosaic", "/scratch", "/tmp"]);
      expect(Object.values(HostConfig["Tmpfs"] as object)).toEqual(
        Array(3).fill(expect.stringMatching(/nosuid,nodev,size=2000000/)),
      );
    });

    it("whose it is, and no file of the host but what was mounted", async () => {
      const { Config, Mounts } = await shown();
      expect(Config["Labels"]).toEqual({
        "mosaic.instance": expect.stringMatching(/^[0-9a-f-]{36}$/),
        "mosaic.id": "shown",
        "mosaic.label": "agent:7",
        "mosaic.owner.pid": String(process.pid),
        "mosaic.owner.start": expect.stringMatching(/^\d+$/),
        "mosaic.owner.boot": expect.stringMatching(/^[0-9a-f-]{36}$/),
        "mosaic.owner.pidns": expect.stringMatching(/^pid:\[\d+\]$/),
      });
      const mounts = Mounts as { Type: string; Destination: string; RW: boolean; Propagation: string }[];
      expect(
        mounts.filter(({ Type, RW, Propagation }) => Type !== "bind" || RW || Propagation !== "rprivate"),
      ).toEqual([]);
      const given = mounts
        .map(({ Destination }) => Destination)
        .filter((target) => !/^\/(etc|opt)\//.test(target));
      expect(given.sort()).toEqual(["/run/mosaic", "/usr"]);
    });
  });
});
