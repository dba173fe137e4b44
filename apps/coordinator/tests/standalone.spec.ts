import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkRequest, verdictOf } from "./coordinator.ts";
import { createRepository } from "./repository.ts";
import type { QualityCheckResponse } from "@mosaic/contracts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const TOKEN = "mosaic_token-of-the-standalone-test-0123";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mosaic-standalone-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home, MOSAIC_HOME: home, COORDINATOR_PORT: "0", ...env },
  });
  let log = "";
  const listening = new Promise<string>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      const url = /"url":"([^"]+)".*the coordinator listens/.exec(log)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return { child, listening, errors: () => errors };
}

describe("the coordinator as a process of its own", () => {
  it("serves with the configured token, and ends cleanly on SIGTERM", async () => {
    const { child, listening } = run({ MOSAIC_SERVICE_TOKEN: TOKEN });
    const url = await listening;
    expect(await (await fetch(new URL("/health", url))).json()).toMatchObject({ status: "healthy" });

    const repository = createRepository(join(home, "mirrors"));
    const definition = { gates: { tests: { command: `echo ${TOKEN}` } } };
    const commit = repository.commit({ ".mosaic/gates.json": JSON.stringify(definition) });
    const answer = await fetch(new URL("/api/quality/check", url), {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(checkRequest(repository.mirror, commit, commit)),
    });
    const verdict = verdictOf((await answer.json()) as QualityCheckResponse, "tests");
    expect(verdict.outcome).toBe("passed");
    expect(JSON.stringify(verdict)).not.toContain(TOKEN);

    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(await readdir(join(home, "coordinator", "work"), { recursive: true })).toHaveLength(1);
  });

  it("does not start without a token, or with a configuration that is not valid, and says why", async () => {
    const bare = run({});
    expect(await once(bare.child, "exit")).toEqual([1, null]);
    expect(bare.errors()).toContain("MOSAIC_SERVICE_TOKEN or MOSAIC_ADMIN_TOKEN must be set");
    const wrong = run({ COORDINATOR_PORT: "many", MOSAIC_SERVICE_TOKEN: TOKEN });
    expect(await once(wrong.child, "exit")).toEqual([1, null]);
    expect(wrong.errors()).toContain("COORDINATOR_PORT");
  });
});
