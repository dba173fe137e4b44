import { processesMentioning } from "@mosaic/testing";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { collect } from "../collect.ts";
import type { SandboxSpec } from "../port.ts";
import { createNoneSandbox } from "./create.ts";

const HOLD = fileURLToPath(new URL("../bubblewrap/fixtures/hold.ts", import.meta.url));

let folder = "";
let tree = "";
let dependencies = "";

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mosaic-none-spec-"));
  tree = path.join(folder, "tree");
  dependencies = path.join(folder, "deps");
  await mkdir(path.join(tree, "node_modules"), { recursive: true });
  await mkdir(dependencies);
  await writeFile(path.join(dependencies, "package"), "prepared");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const spec = (changes: Partial<SandboxSpec>): SandboxSpec => ({
  id: "none",
  label: "none",
  command: ["true"],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/tree",
  mounts: [
    { source: tree, target: "/tree", writable: true },
    { source: dependencies, target: "/tree/node_modules", writable: false },
  ],
  scratch: [],
  limits: { memoryMb: 64, fileBytes: 1_000_000, openFiles: 64, tmpBytes: 1_000_000, processes: 256, cpus: 1 },
  ...changes,
});

describe("without isolation", () => {
  it("a mount inside another is a link for as long as anybody uses it", async () => {
    const sandbox = createNoneSandbox({ folder });
    const place = path.join(tree, "node_modules");
    const [one, two] = await Promise.all([
      sandbox.start(spec({ id: "one", command: ["sh", "-c", "cat node_modules/package; cat"] })),
      sandbox.start(spec({ id: "two", command: ["cat"] })),
    ]);
    const first = await collect(one, { maxBytes: 1000, timeoutMs: 30_000 });
    expect(first.stdout.toString()).toBe("prepared");
    expect((await lstat(place)).isSymbolicLink()).toBe(true);
    await two.kill();
    expect((await lstat(place)).isDirectory()).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["deps", "tree"]);
  });

  it("a mount inside another leaves alone what is there", async () => {
    await writeFile(path.join(tree, "node_modules", "own"), "");
    const sandbox = createNoneSandbox({ folder });
    const running = await sandbox.start(spec({ command: ["ls", "node_modules"] }));
    expect((await collect(running, { maxBytes: 1000, timeoutMs: 30_000 })).stdout.toString()).toBe("own\n");
    expect(await readdir(path.join(tree, "node_modules"))).toEqual(["own"]);
  });

  it("scratch inside a mount is a folder of its own, where its path is an argument or a variable", async () => {
    const sandbox = createNoneSandbox({ folder });
    const command = ["sh", "-c", 'echo x > "$CACHE/new" && ls "$0"', "/tree/cache"] as const;
    const env = { PATH: "/usr/bin:/bin", CACHE: "/tree/cache" };
    const running = await sandbox.start(spec({ command, env, scratch: ["/tree/cache"] }));
    expect((await collect(running, { maxBytes: 1000, timeoutMs: 30_000 })).stdout.toString()).toBe("new\n");
    expect(await readdir(tree)).toEqual(["node_modules"]);
  });

  it("a failed start leaves nothing behind", async () => {
    const sandbox = createNoneSandbox({ folder });
    await expect(sandbox.start(spec({ cwd: "/tree/missing" }))).rejects.toThrow("missing");
    expect((await readdir(folder)).sort()).toEqual(["deps", "tree"]);
    expect(await readFile(path.join(dependencies, "package"), "utf8")).toBe("prepared");
  });

  it("a command still dies with the process that started it", async () => {
    const marker = randomUUID();
    const child = spawn(process.execPath, [HOLD, "none", marker, "sh", "-c", "echo up; exec sleep 1000"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { TMPDIR: folder },
    });
    await vi.waitUntil(() => String(child.stdout.read() ?? "").includes("up"));
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(
      await vi.waitUntil(async () => ((await processesMentioning(marker)).length === 0 ? "gone" : null)),
    ).toBe("gone");
  });
});
