import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const SERVICE = "service-token-of-the-standalone-test";
const ADMIN = "admin-token-of-the-standalone-test-01";
const API_KEY = "upstream-key-of-the-standalone-test-02";

it("as a process of its own, the api writes none of the values it was given into its log", async () => {
  const home = await mkdtemp(join(tmpdir(), "mosaic-api-"));
  const env = { PATH: process.env["PATH"], HOME: home, MOSAIC_HOME: home, API_PORT: "0", LOG_LEVEL: "debug" };
  const secrets = {
    MOSAIC_SERVICE_TOKEN: SERVICE,
    MOSAIC_ADMIN_TOKEN: ADMIN,
    CLAUDE_API_KEY: API_KEY,
    // Comes back in the message of what fails.
    MOSAIC_HOST: `${ADMIN}-${API_KEY}-${SERVICE}.invalid`,
  };
  const child = spawn(process.execPath, [MAIN], { env: { ...env, ...secrets }, stdio: "pipe" });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (log += chunk.toString()));
  try {
    await once(child, "close");
    expect(log).toContain("[redacted:known:adminToken]");
    for (const secret of [SERVICE, ADMIN, API_KEY]) expect(log).not.toContain(secret);
  } finally {
    child.kill("SIGKILL");
    await rm(home, { recursive: true, force: true });
  }
});
