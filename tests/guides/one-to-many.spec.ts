import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execFileSync } from "node:child_process";
import {
  createGitFixture,
  freePort,
  type GitFixture,
  type PostgresInTest,
  startPostgres,
} from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { scenario } from "../system.ts";
import { TINY_REPOSITORY } from "../tiny-repository.ts";
import { type GuideShell, shellBlocks, startGuideShell } from "./guide-shell.ts";

const GUIDE = fileURLToPath(new URL("../../docs/guides/one-to-many.md", import.meta.url));
const MOSAIC = fileURLToPath(new URL("../../apps/cli/bin/mosaic.mjs", import.meta.url));
const PORTS = ["3000", "3001", "3010", "3011", "3020", "3021", "6379", "8000", "8010", "8020"];

let folder: string;
let postgres: PostgresInTest;
let git: GitFixture;
let shell: GuideShell;
let blocks: readonly string[];
let ports: ReadonlyMap<string, number>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-guide-"));
  [postgres, git] = await Promise.all([startPostgres(), createGitFixture("mosaic-guide-git-")]);
  ports = new Map(await Promise.all(PORTS.map(async (port) => [port, await freePort()] as const)));
  await Promise.all(["mosaic", "valkey"].map((name) => mkdir(join(folder, name))));
  const address = new URL(postgres.url);
  shell = startGuideShell(await environment(address), folder);
  address.pathname = "/mosaic";
  blocks = shellBlocks(
    substitute(await readFile(GUIDE, "utf8"), [
      ["postgres://mosaic:CHANGE-ME@127.0.0.1:5432/mosaic", address.href],
      ["https://git.example/team/notes.git", await git.remote(TINY_REPOSITORY)],
      ["/srv/", `${folder}/`],
      ...[...ports].map(([written, free]): [string, string] => [written, String(free)]),
    ]),
  );
});
afterEach(async () => {
  await shell.close();
  await postgres.close();
  await git.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Only ports, paths and addresses. What is written goes first, so that no replacement is replaced again. */
function substitute(text: string, pairs: readonly (readonly [string, string])[]): string {
  const marked = pairs.reduce((rest, [written], index) => rest.replaceAll(written, `<<${index}>>`), text);
  return marked.replaceAll(/<<(\d+)>>/g, (_, index: string) => pairs[Number(index)]?.[1] ?? "");
}

/** What a person's shell has already: programs on the PATH, and access to PostgreSQL. */
async function environment(address: URL): Promise<Record<string, string>> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "mosaic"), `#!/bin/sh\nexec '${process.execPath}' '${MOSAIC}' "$@"\n`);
  await chmod(join(bin, "mosaic"), 0o755);
  const has = (program: string): string =>
    execFileSync("sh", ["-c", `command -v ${program} || true`], { encoding: "utf8" }).trim();
  const valkey = has("valkey-server") || has("redis-server");
  await symlink(valkey, join(bin, "valkey-server"));
  const at = (port: string): string => String(ports.get(port));
  return {
    PATH: [bin, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    HOME: folder,
    XDG_CACHE_HOME: join(folder, "cache"),
    // The ports that the guide leaves as they are.
    ORCHESTRATOR_PORT: at("3001"),
    COORDINATOR_PORT: at("8000"),
    API_PORT: at("3000"),
    MOSAIC_URL: `http://127.0.0.1:${at("3001")}`,
    MOSAIC_MODEL_UPSTREAM: scenario("repaired-at-once"),
    MOSAIC_LEASE_SECONDS: "2",
    MOSAIC_HEARTBEAT_SECONDS: "1",
    MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
    PGHOST: address.hostname,
    PGPORT: address.port,
    PGUSER: address.username,
    PGPASSWORD: address.password,
  };
}

/** Asks until it is so. */
async function until(test: () => Promise<boolean>): Promise<void> {
  while (!(await test().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 50));
}

const ready = (port: string): Promise<void> =>
  until(async () => (await fetch(`http://127.0.0.1:${ports.get(port)}/health/ready`)).ok);

const agents = async (): Promise<unknown> => {
  const printed = await shell.run("mosaic ls --all --json");
  const { items } = JSON.parse(printed.split("\n").find((line) => line.startsWith("{")) ?? "") as {
    items: readonly { readonly taskId: string; readonly status: string }[];
  };
  return items.map(({ taskId, status }) => `${taskId} ${status}`);
};

it("the guide from one machine to many works as it is written", { timeout: 180_000 }, async () => {
  const texts = blocks.values();
  const next = (): Promise<string> => shell.run(texts.next().value ?? "false");

  await next();
  await ready("3001");
  await next();
  expect(await next()).toContain("installation.jsonl");
  await next();
  expect(await next()).toContain("digest of every kind are those of the file");
  await next();
  await ready("3001");
  await next();
  await Promise.all([ready("3011"), ready("3021")]);
  const looked = await next();
  expect(looked.match(/ alive /g)).toHaveLength(3);
  expect(looked).toContain("the one of this installation");
  expect(looked).toContain("first");
  await next();
  expect(await agents()).toEqual(["second completed", "first completed"]);

  await next();
  await until(async () => (await shell.run("mosaic orchestrators")).match(/ alive /g)?.length === 2);
  expect(await next()).toContain("third");
  await next();
  await ready("3001");
  expect(await agents()).toEqual(["third completed", "second completed", "first completed"]);
  expect(await next()).toContain("every one fits");
  expect(texts.next().done).toBe(true);
});
