import { temporaryFolder } from "@mosaic/testing";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { whyNoEngine } from "./why-no-engine.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** An engine that says this of itself. */
async function saying(docker: object, libpod: object | null = null): Promise<string> {
  const folder = temporaryFolder();
  const socketPath = join(folder.path, "engine.sock");
  const info = { OSType: "linux", SecurityOptions: ["name=seccomp,profile=default"], ...docker };
  const server = createServer(({ url = "" }, answer) => {
    const said = url.includes("/libpod/") ? libpod : info;
    answer.writeHead(said === null ? 404 : 200, { "content-type": "application/json" });
    answer.end(JSON.stringify(said ?? { message: "page not found" }));
  }).listen(socketPath);
  await once(server, "listening");
  closing.push(async () => {
    server.close();
    await once(server, "close");
    folder.remove();
  });
  return socketPath;
}

const user = (rootless: boolean) => ({ host: { security: { rootless } } });

describe("an engine", () => {
  it("that maps user ids cannot write trees, and is refused", async () => {
    const options = ["name=seccomp,profile=default"];
    for (const option of ["name=rootless", "name=userns"]) {
      const socketPath = await saying({ SecurityOptions: [...options, option] });
      expect(await whyNoEngine("docker", socketPath)).toMatch(/maps user ids/);
    }
  });

  it("of Podman that is an ordinary user's is refused, though its Docker-compatible answer does not say so", async () => {
    expect(await whyNoEngine("podman", await saying({}, user(true)))).toMatch(
      /rootless Podman maps user ids/,
    );
  });

  it("of Podman that is root's is not", async () => {
    expect(await whyNoEngine("podman", await saying({}, user(false)))).toBeNull();
  });

  it("that is not Podman is not taken for it", async () => {
    expect(await whyNoEngine("podman", await saying({}))).toMatch(/404/);
  });

  it("without a system call filter, or without Linux, is refused", async () => {
    expect(await whyNoEngine("docker", await saying({ SecurityOptions: [] }))).toMatch(/filter is off/);
    expect(await whyNoEngine("docker", await saying({ OSType: "windows" }))).toMatch(/not Linux/);
  });
});
