import { errorOf, useTrial, withEngines } from "@mosaic/testing";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { createDockerSandbox } from "./create.ts";
import { connectEngine } from "./engine.ts";

const run = promisify(execFile);

/** As people tidy up. */
async function removeImages(socketPath: string, name: string): Promise<void> {
  const env = { PATH: process.env["PATH"], DOCKER_HOST: `unix://${socketPath}` };
  const { stdout } = await run("docker", ["images", "--quiet", name], { env });
  await run("docker", ["rmi", ...stdout.trim().split("\n")], { env });
}

await withEngines(({ name: engine, socketPath }) => {
  const trial = useTrial(() => createDockerSandbox({ name: engine, socketPath }));

  /** An image with a shell that is a program of this host, and a file of its own. */
  const build = async (repo: string, changes: readonly string[] = []): Promise<void> => {
    const archive = pack();
    for (const name of ["proc", "dev", "sys", "tmp", "usr", "etc", "data", "sbin"])
      archive.entry({ name, type: "directory", mode: 0o755 });
    for (const name of ["bin", "lib", "lib64"])
      archive.entry({ name, type: "symlink", linkname: `usr/${name}` });
    archive.entry({ name: "etc/made-by" }, "the owner");
    archive.finalize();
    const body = Readable.from([await buffer(archive)]);
    await (await connectEngine(socketPath)).importImage(body, { repo: `${repo}:1`, changes });
  };
  // Mounted by the test: an image that works takes more than a test should build.
  const programs = [{ source: "/usr", target: "/usr", writable: false }];

  describe("a specification's image", () => {
    it("gives the inside its files, in place of the host's", async () => {
      await build("owner/tools");
      const said = await trial.shell("cat /etc/made-by; ls /etc/passwd 2>&1", {
        image: "owner/tools:1",
        mounts: programs,
      });
      expect(said).toMatch(/^the owner\n?ls: cannot access '\/etc\/passwd'/);
    });

    it("brings no variable, entry point or user that weakens the sandbox", async () => {
      await build("owner/eager", ["USER root", 'ENTRYPOINT ["/bin/false"]', "ENV PATH=/usr/bin:/own"]);
      expect(await trial.shell("id -u", { image: "owner/eager:1", mounts: programs })).toBe("1000");
    });

    it("writes its volumes to memory, not to the host's disk", async () => {
      await build("owner/volume", ["VOLUME /data"]);
      const said = await trial.shell("head -c 8000000 /dev/zero > /data/f; grep ' /data ' /proc/mounts", {
        image: "owner/volume:1",
        mounts: programs,
      });
      expect(said).toMatch(/tmpfs \/data tmpfs/);
      expect(said).toContain("No space left on device");
    });

    it("is not fetched when it is missing: it is said how to get it", async () => {
      for (const image of ["owner/missing:1", `example.com/x/y@sha256:${"0".repeat(64)}`]) {
        expect(await errorOf(trial.sandbox.start(trial.spec({ image })))).toMatchObject({
          name: "SandboxError",
          message: expect.stringMatching(/mosaic image build.*docker pull/),
        });
      }
    });

    it("is a name, never a path of the engine's API", async () => {
      for (const image of ["../containers/json?x=", "a b", "", "a/../../info"]) {
        expect(await errorOf(trial.sandbox.start(trial.spec({ image })))).toMatchObject({
          name: "SandboxError",
        });
      }
    });
  });

  it("the image for the host's programs is made again after somebody removed it", async () => {
    expect(await trial.shell("echo one")).toBe("one");
    await removeImages(socketPath, "mosaic/host-tools");
    expect(await trial.shell("echo two")).toBe("two");
  });
});
