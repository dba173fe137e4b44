import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseSandbox } from "./choose.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mosaic-choose-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A bwrap that answers about itself, and does this for everything else. */
async function pretending(script: string): Promise<string> {
  const program = path.join(folder, "bwrap");
  await writeFile(
    program,
    `#!/bin/sh\ncase "$1" in --version) echo "bubblewrap 0.8.0"; exit;; --help) echo "--disable-userns --size BYTES"; exit;; esac\n${script}\n`,
  );
  await chmod(program, 0o755);
  return program;
}

describe("the choice of a sandbox", () => {
  it("is bubblewrap where a trial run isolates", async () => {
    const choice = await chooseSandbox({ enabled: true });
    expect(choice).toMatchObject({ ok: true, sandbox: { name: "bubblewrap", isolates: true } });
    expect(choice).not.toHaveProperty("warning");
  });

  it("is none, with a warning, only when isolation was switched off", async () => {
    const choice = await chooseSandbox({ enabled: false });
    expect(choice).toMatchObject({ ok: true, sandbox: { name: "none", isolates: false } });
    expect(choice).toHaveProperty("warning", expect.stringContaining("SANDBOX_ENABLED=false"));
  });

  it("is refused without bubblewrap, with what to install", async () => {
    expect(
      await chooseSandbox({ enabled: true, bubblewrap: { bwrapPath: "/nonexistent/bwrap" } }),
    ).toMatchObject({
      ok: false,
      problem: expect.stringContaining("/nonexistent/bwrap"),
      remedy: expect.stringContaining("apt-get install bubblewrap"),
    });
  });

  it("is refused where bubblewrap may not make namespaces, in its own words", async () => {
    const bwrapPath = await pretending("echo 'bwrap: No permissions to creating new namespace' >&2; exit 1");
    expect(await chooseSandbox({ enabled: true, bubblewrap: { bwrapPath } })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("No permissions to creating new namespace"),
    });
  });

  it.each([
    ["as bwrap itself", 'shift 3; exec "$@"'],
    ["as a child of it", 'shift 3; "$@"; exit $?'],
  ])("is refused when the command runs unconfined, %s", async (_how, script) => {
    const bwrapPath = await pretending(script);
    expect(await chooseSandbox({ enabled: true, bubblewrap: { bwrapPath } })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("no PID namespace of its own"),
    });
  });

  it("is refused when there is a namespace, but rights in it", async () => {
    const bwrapPath = await pretending(
      'shift 3; exec unshare --user --map-root-user --pid --fork --kill-child "$@"',
    );
    expect(await chooseSandbox({ enabled: true, bubblewrap: { bwrapPath } })).toMatchObject({
      ok: false,
      problem: expect.stringContaining("does not isolate"),
    });
  });
});
