import { chooseSandbox, dockerClient, type Sandbox } from "@mosaic/sandbox";
import { withDockerEngine } from "@mosaic/testing";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { pack } from "tar-stream";
import { expect, it } from "vitest";
import { prepare, type TestCoordinator, useCoordinators } from "./coordinator.ts";

const NAME = "owner/tools:1";

/** Gives NAME to a new image that says who made it. */
async function tag(socketPath: string, maker: string): Promise<void> {
  const archive = pack();
  for (const name of ["proc", "dev", "sys", "tmp", "usr", "etc", "sbin"])
    archive.entry({ name, type: "directory", mode: 0o755 });
  for (const name of ["bin", "lib", "lib64"])
    archive.entry({ name, type: "symlink", linkname: `usr/${name}` });
  archive.entry({ name: "etc/made-by" }, maker);
  archive.finalize();
  const engine = await dockerClient(socketPath);
  await text(await engine.importImage(Readable.from([await buffer(archive)]), { repo: NAME }));
}

/** The programs of these images are this host's: one that works takes more than a test should build. */
const withPrograms = (sandbox: Sandbox): Sandbox => ({
  ...sandbox,
  start: (spec) =>
    sandbox.start({
      ...spec,
      mounts: [...spec.mounts, { source: "/usr", target: "/usr", writable: false }],
    }),
});

/** Whether a commit's set was there already, and which image it was made in. */
async function prepared(coordinator: TestCoordinator, commit: string) {
  const { cached, mounts, message } = await prepare(coordinator, commit);
  const [folder] = mounts;
  if (folder === undefined) throw new Error(message);
  return { cached, madeIn: await readFile(join(folder.source, "said"), "utf8") };
}

await withDockerEngine(({ socketPath }) => {
  const start = useCoordinators();

  it("a name that stands for another image has other prepared sets, and its former ones when it is given back", async () => {
    const choice = await chooseSandbox({ enabled: true, runtime: "docker", dockerSocket: socketPath });
    if (!choice.ok) throw new Error(choice.problem);
    const { imageIds } = choice;
    await tag(socketPath, "the first");
    const first = await imageIds(NAME);
    const coordinator = await start({ sandbox: withPrograms(choice.sandbox), imageIds, images: [NAME] });
    const environment = { image: NAME, prepare: ['cp /etc/made-by "$MOSAIC_ENVIRONMENT/said"'] };
    const commit = coordinator.repository.commit({
      ".mosaic/environment.json": JSON.stringify(environment),
    });
    expect(await prepared(coordinator, commit)).toEqual({ cached: false, madeIn: "the first" });
    expect(await prepared(coordinator, commit)).toEqual({ cached: true, madeIn: "the first" });

    await tag(socketPath, "the second");
    expect(await prepared(coordinator, commit)).toEqual({ cached: false, madeIn: "the second" });

    const [repo = "", version = ""] = NAME.split(":");
    await (await dockerClient(socketPath)).getImage(first).tag({ repo, tag: version });
    expect(await prepared(coordinator, commit)).toEqual({ cached: true, madeIn: "the first" });
  });
});
