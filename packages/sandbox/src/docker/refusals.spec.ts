import { errorOf, startAlteringProxy, useTrial, withEngines, type CreateBody } from "@mosaic/testing";
import { symlink } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { createDockerSandbox } from "./create.ts";
import { connectEngine } from "./engine.ts";
import { LABELS } from "./owner.ts";

/** What is altered of the request on its way to an engine. */
type Changes = Record<string, (body: CreateBody) => void>;

await withEngines(({ name, socketPath }) => {
  const trial = useTrial(() => createDockerSandbox({ name, socketPath }));

  describe("an engine that does not do as it is told", () => {
    const inDocker: Changes = {
      "leaves out a limit": ({ HostConfig }) => delete HostConfig["PidsLimit"],
      "gives more memory": ({ HostConfig }) => Object.assign(HostConfig, { Memory: 1e9, MemorySwap: 1e9 }),
      "keeps a capability": ({ HostConfig }) => (HostConfig["CapDrop"] = ["NET_RAW"]),
      "adds one": ({ HostConfig }) => (HostConfig["CapAdd"] = ["SYS_ADMIN"]),
      "has a filter of its own": ({ HostConfig }) => (HostConfig["SecurityOpt"] = ["no-new-privileges:true"]),
      "mounts more": ({ HostConfig }) => (HostConfig["Binds"] = ["/etc:/host:ro"]),
      "makes a mount writable": ({ HostConfig }) => {
        for (const mount of HostConfig["Mounts"] as { ReadOnly: boolean }[]) mount.ReadOnly = false;
      },
      "runs it as root": (body) => (body["User"] = "0:0"),
      "runs something else": (body) => (body["Entrypoint"] = ["/bin/true"]),
      "gives it the host's processes": ({ HostConfig }) => (HostConfig["PidMode"] = "host"),
      "adds a variable": (body) => (body["Env"] as string[]).push("HTTP_PROXY=http://10.0.0.1"),
    };

    const inPodman: Changes = {
      "leaves out a limit": (body) => Object.assign(body["resource_limits"] as object, { pids: undefined }),
      "gives more memory": (body) =>
        Object.assign(body["resource_limits"] as object, { memory: { limit: 1e9, swap: 1e9 } }),
      "gives more memory by swapping": (body) => {
        const { memory } = body["resource_limits"] as { memory: { limit: number; swap: number } };
        memory.swap = 2 * memory.limit;
      },
      "lets files grow": (body) =>
        (body["r_limits"] = (body["r_limits"] as { type: string }[]).filter(({ type }) => type !== "fsize")),
      "keeps a capability": (body) => (body["cap_drop"] = ["CHOWN"]),
      "adds one": (body) => (body["cap_add"] = ["NET_ADMIN"]),
      "lets rights grow": (body) => (body["no_new_privileges"] = false),
      "has a filter of its own": (body) => delete body["seccomp_profile_path"],
      "has no filter": (body) => (body["seccomp_profile_path"] = "unconfined"),
      "masks less": (body) => (body["mask"] = ["/sys"]),
      "masks nothing": (body) => (body["unmask"] = ["ALL"]),
      "has a writable root": (body) => (body["read_only_filesystem"] = false),
      "has no init": (body) => (body["init"] = false),
      "mounts more": ({ mounts }) =>
        (mounts as object[]).push({ type: "bind", source: "/etc", destination: "/host", options: ["ro"] }),
      "makes a mount writable": ({ mounts }) => {
        for (const mount of mounts as { type: string; options: string[] }[])
          if (mount.type === "bind") mount.options = ["bind", "rprivate", "rw"];
      },
      "gives /tmp without an end": ({ mounts }) => {
        for (const mount of mounts as { options: string[] }[])
          mount.options = mount.options.filter((option) => !option.startsWith("size="));
      },
      "gives it devices": (body) => (body["devices"] = [{ path: "/dev/kmsg" }]),
      "lets it make devices": (body) =>
        (body["device_cgroup_rule"] = [{ allow: true, type: "c", major: 1, minor: 11, access: "rwm" }]),
      "runs it as root": (body) => (body["user"] = "0:0"),
      "runs it in more groups": (body) => (body["groups"] = ["0"]),
      "runs something else": (body) => (body["entrypoint"] = ["/bin/true"]),
      // Podman itself knows that an init of its own makes no sense there.
      "gives it the host's processes": (body) =>
        Object.assign(body, { pidns: { nsmode: "host" }, init: false }),
      "gives it the host's network": (body) => (body["netns"] = { nsmode: "host" }),
      "gives it the host's shared memory": (body) => (body["ipcns"] = { nsmode: "host" }),
      "forgets whose it is": (body) => delete (body["labels"] as Record<string, unknown>)["mosaic.instance"],
      "is privileged": (body) => (body["privileged"] = true),
      // As the owner's containers.conf may.
      "adds a variable": (body) => Object.assign(body["env"] as object, { HTTP_PROXY: "http://10.0.0.1" }),
    };

    it.each(Object.entries(name === "podman" ? inPodman : inDocker))(
      "starts nothing: it %s",
      async (_what, alter) => {
        const proxy = await startAlteringProxy(socketPath, alter);
        const sandbox = createDockerSandbox({ name, socketPath: proxy.socketPath });
        const error = await errorOf(sandbox.start(trial.spec({ id: "altered", command: ["sleep", "1000"] })));
        await proxy.close();
        expect(error).toMatchObject({
          name: "SandboxError",
          message: expect.stringContaining("was not started"),
        });
        expect(sandbox.list()).toEqual([]);
        expect(await (await connectEngine(socketPath)).list([`${LABELS.id}=altered`])).toEqual([]);
      },
    );
  });

  describe("a mount source", () => {
    it("is never the engine's own socket, or what holds it", async () => {
      const link = path.join(trial.folder, "innocent");
      await symlink(socketPath, link);
      for (const source of [socketPath, path.dirname(socketPath), link]) {
        const starting = trial.sandbox.start(
          trial.spec({ mounts: [{ source, target: "/door", writable: false }] }),
        );
        expect(await errorOf(starting)).toMatchObject({ name: "SandboxError" });
      }
    });

    it("is what a link led to when it was checked, not what stands there later", async () => {
      await symlink("/etc", path.join(trial.folder, "planted"));
      const mounts = [{ source: path.join(trial.folder, "planted"), target: "/host", writable: true }];
      expect(await errorOf(trial.sandbox.start(trial.spec({ mounts })))).toMatchObject({
        name: "SandboxError",
        message: expect.stringContaining("/etc"),
      });
    });
  });
});
