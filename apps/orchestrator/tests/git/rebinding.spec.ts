import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("rebinding-name.ts", import.meta.url));
/** A network with nothing but a loopback device that has a public address, too, and a name server of ours. */
const SETTING = [
  'mount --bind "$1" /etc/resolv.conf',
  "ip link set lo up",
  "ip address add 203.0.113.7/32 dev lo",
  'exec "$2" "$3"',
].join(" && ");

interface Outcome {
  readonly fetched: string;
  readonly heads: string;
  readonly served: boolean;
  readonly askedByFetch: number;
  readonly reachedByFetch: number;
  readonly again: string;
  readonly reachedAgain: number;
  readonly reachedUnpinned: number;
}

/** Only root may make a network with an address and a name server of its own choice. */
describe.runIf(process.getuid?.() === 0)("a name whose second answer is loopback", () => {
  let folder: string;
  let outcome: Outcome;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mosaic-rebind-"));
    const resolver = join(folder, "resolv.conf");
    await writeFile(resolver, "nameserver 127.0.0.1\n");
    const args = ["--net", "--mount", "sh", "-c", SETTING, "sh", resolver, process.execPath, SCRIPT];
    const { stdout } = await promisify(execFile)("unshare", args);
    outcome = JSON.parse(stdout) as Outcome;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is fetched from the address that was checked, and is not asked for a second time", () => {
    expect(outcome).toMatchObject({
      fetched: "fetched",
      heads: "refs/remotes/origin/main",
      served: true,
      askedByFetch: 1,
      reachedByFetch: 0,
    });
  });

  it("is refused by the next operation, which checks anew, before anything connects", () => {
    expect(outcome.again).toMatch(/rebind\.example.* resolves to 127\.0\.0\.1.*loopback/);
    expect(outcome.reachedAgain).toBe(0);
  });

  it("does lead a git without a pinned address to loopback: the trap works", () => {
    expect(outcome.reachedUnpinned).toBeGreaterThan(0);
  });
});
