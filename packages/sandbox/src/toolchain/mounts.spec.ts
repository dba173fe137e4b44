import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBubblewrapSandbox } from "../bubblewrap/create.ts";
import { collect } from "../collect.ts";
import { toolchainMounts } from "./mounts.ts";

let folder = "";
let home = "";

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), "mosaic-tools-")));
  home = path.join(folder, "home");
  await mkdir(home);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function program(file: string, text = "#!/bin/sh\n"): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
}

const toolchain = async (...folders: string[]) =>
  await toolchainMounts({ nodePath: process.execPath, path: folders.join(":"), home });
const sources = (found: Awaited<ReturnType<typeof toolchain>>) => found.mounts.map((mount) => mount.source);

describe("the toolchain", () => {
  it("always has the given node first, read-only", async () => {
    const found = await toolchain();
    expect(found.path).toBe("/opt/mosaic/node/bin:/opt/mosaic/bin:/usr/local/bin:/usr/bin:/bin");
    expect(found.mounts).toEqual([{ source: process.execPath, target: found.node, writable: false }]);
  });

  it("takes the default Python of pyenv and the default Rust of rustup, not their shims and folders", async () => {
    const python = path.join(home, ".pyenv/versions/3.12.1");
    const rust = path.join(home, ".rustup/toolchains/stable-x");
    await program(path.join(python, "bin/python3"));
    await program(path.join(home, ".pyenv/versions/2.7/bin/python"));
    await program(path.join(home, ".pyenv/shims/python3"));
    await writeFile(path.join(home, ".pyenv/version"), "3.12.1\nsystem\n../../escape\n");
    await program(path.join(rust, "bin/cargo"));
    await program(path.join(home, ".cargo/bin/cargo"));
    await writeFile(path.join(home, ".cargo/credentials.toml"), "token");
    await writeFile(path.join(home, ".rustup/settings.toml"), 'default_toolchain = "stable-x"\n');
    const found = await toolchain(path.join(home, ".cargo/bin"), path.join(home, ".pyenv/shims"));
    expect(sources(found).slice(1)).toEqual([rust, python]);
    expect(found.path).toContain(`:${rust}/bin:${python}/bin:/usr/local/bin`);
  });

  it("does not follow a linked toolchain out of its version manager", async () => {
    await program(path.join(home, ".ssh/bin/cargo"));
    await mkdir(path.join(home, ".rustup/toolchains"), { recursive: true });
    await mkdir(path.join(home, ".cargo/bin"), { recursive: true });
    await symlink(path.join(home, ".ssh"), path.join(home, ".rustup/toolchains/mine"));
    await writeFile(path.join(home, ".rustup/settings.toml"), 'default_toolchain = "mine"\n');
    expect(sources(await toolchain(path.join(home, ".cargo/bin")))).toHaveLength(1);
  });

  it("takes tool folders outside of homes, and Go wherever it is", async () => {
    await program(path.join(folder, "opt/tools/bin/make"));
    await program(path.join(folder, "opt/other/bin/unknown"));
    await program(path.join(home, "sdk/go1.24/bin/go"));
    await writeFile(path.join(home, "sdk/go1.24/VERSION"), "go1.24");
    await mkdir(path.join(home, "sdk/go1.24/src/runtime"), { recursive: true });
    const found = await toolchain(
      path.join(folder, "opt/tools/bin"),
      path.join(folder, "opt/other/bin"),
      path.join(home, "sdk/go1.24/bin"),
    );
    expect(sources(found).slice(1)).toEqual([path.join(folder, "opt/tools"), path.join(home, "sdk/go1.24")]);
  });

  it("takes nothing else of a home, no project's programs, and nothing relative", async () => {
    await program(path.join(home, "bin/make"));
    await program(path.join(home, ".local/bin/git"));
    await program(path.join(folder, "project/node_modules/.bin/tsc"));
    await program(path.join(folder, "project/node_modules/.bin/make"));
    const found = await toolchain(
      path.join(home, "bin"),
      path.join(home, ".local/bin"),
      path.join(folder, "project/node_modules/.bin"),
      "relative/bin",
      "",
      home,
      path.join(folder, "missing"),
    );
    expect(found.mounts).toHaveLength(1);
  });

  it("runs a package manager from its own package, with the given node", async () => {
    const pack = path.join(folder, "lib/node_modules/pnpm");
    await program(
      path.join(pack, "bin/pnpm.cjs"),
      "console.log('pnpm', process.version, process.argv.slice(2).join())",
    );
    await writeFile(
      path.join(pack, "package.json"),
      JSON.stringify({ name: "pnpm", bin: { pnpm: "bin/pnpm.cjs" } }),
    );
    await mkdir(path.join(folder, "bin"));
    await symlink("../lib/node_modules/pnpm/bin/pnpm.cjs", path.join(folder, "bin/pnpm"));
    const found = await toolchain(path.join(folder, "bin"));
    const running = await createBubblewrapSandbox().start({
      id: "pnpm",
      label: "pnpm",
      command: ["pnpm", "run", "test"],
      env: { PATH: found.path },
      cwd: "/tmp",
      mounts: found.mounts,
      scratch: [],
      limits: {
        memoryMb: 256,
        fileBytes: 1_000_000,
        openFiles: 64,
        tmpBytes: 1_000_000,
        processes: 256,
        cpus: 1,
      },
    });
    const { stdout } = await collect(running, { maxBytes: 1000, timeoutMs: 30_000 });
    expect(stdout.toString()).toBe(`pnpm ${process.version} run,test\n`);
  });
});
