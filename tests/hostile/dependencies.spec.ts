import { createHash } from "node:crypto";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Played, PATIENCE_MS, type Range, startRange } from "./range.ts";

/** Every way to write into prepared dependencies that a person could think of; each line is tried by itself. */
const ATTEMPTS = [
  "echo 'module.exports = 1' > node_modules/dep/index.js",
  "echo 'module.exports = 1' >> node_modules/dep/index.js",
  "sed -i s/works/poison/ node_modules/dep/index.js",
  "touch node_modules/dep/new.js",
  "mkdir node_modules/evil",
  "ln -sf /tmp node_modules/evil-link",
  "rm node_modules/dep/index.js",
  "mv node_modules/dep node_modules/other",
  "mv node_modules elsewhere",
  "rm -rf node_modules/dep",
  "chmod -R 777 node_modules/dep",
  "touch -d 2001-01-01 node_modules/dep/index.js",
  "truncate -s 0 node_modules/dep/index.js",
  "ln node_modules/dep/index.js stolen && echo poison > stolen",
  `node -e 'require("fs").writeFileSync("node_modules/dep/index.js", "poison")'`,
  `node -e 'require("fs").writeFileSync("/proc/self/root/tree/node_modules/dep/index.js", "poison")'`,
  `node -e 'require("fs").writeFileSync("/proc/1/root/tree/node_modules/dep/index.js", "poison")'`,
  `node -e 'const fs = require("fs"); const fd = fs.openSync("node_modules/dep/index.js", "r"); fs.writeFileSync("/proc/self/fd/" + fd, "poison")'`,
  "mount -o remount,rw node_modules",
  "umount -l node_modules",
  "unshare -rm mount -o remount,rw,bind node_modules",
];

/** Says in `reached` which attempts had success (one that may have it goes first); what tools may write to is written to as well. */
const SCRIPT = [
  "rm -f reached",
  "( echo anything > src/own-file ) >/dev/null 2>&1 && echo control >> reached",
  ...ATTEMPTS.map((line, index) => `( ${line} ) >/dev/null 2>&1 && echo 'attempt ${index}' >> reached`),
  "echo poison > node_modules/.cache/poison",
].join("\n");

/** What somebody else finds: the module as it was prepared, and an empty scratch folder. */
const LOOK = `{ node -p 'require("dep")'; ls -A node_modules node_modules/.cache node_modules/dep; } > seen`;
const SEEN =
  "works\nnode_modules:\n.cache\n.vite\n.vite-temp\n.vitest\n.vitest-cache\ndep\n\nnode_modules/.cache:\n\nnode_modules/dep:\nindex.js";

const FILES = {
  "package.json": JSON.stringify({
    name: "tiny",
    private: true,
    dependencies: { dep: "1.0.0" },
  }),
  "package-lock.json": JSON.stringify({ lockfileVersion: 3 }),
  ".mosaic/gates.json": JSON.stringify({
    gates: {
      lint: { command: 'sh attempts.sh; cat reached; test "$(cat reached)" = control' },
      typecheck: { command: `${LOOK}; cat seen; test "$(cat seen)" = '${SEEN}'` },
    },
    prepare: {
      command: `mkdir -p node_modules/dep && echo 'module.exports = "works"' > node_modules/dep/index.js`,
    },
  }),
  "attempts.sh": SCRIPT,
};

/** Every entry of a folder with all that a writer could change. */
async function picture(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeMs, size } = await stat(path);
    const content = entry.isFile()
      ? createHash("sha256")
          .update(await readFile(path))
          .digest("hex")
      : entry.isSymbolicLink()
        ? await readlink(path)
        : "";
    return `${path} ${mode} ${mtimeMs} ${size} ${content}`;
  });
  return (await Promise.all(lines)).sort();
}

describe("a write into prepared dependencies", { timeout: PATIENCE_MS }, () => {
  let range: Range;
  let folder: string;
  let before: readonly string[];
  let attacker: Played;
  let next: Played;

  const shown = (played: Played, file: string): Promise<string> =>
    range.system.git.git(played.remote, "show", `${played.agent.pushedCommit}:${file}`);

  beforeAll(async () => {
    range = await startRange();
    const gates = ["typecheck", "lint"] as const;
    await range.play({ files: FILES, script: LOOK, gates: ["typecheck"] });
    folder = join(range.system.home, "cache", "dependencies");
    before = (await picture(folder)).filter((line) => !line.includes("prepared.json"));
    attacker = await range.play({ files: FILES, script: "sh attempts.sh", gates });
    next = await range.play({ files: FILES, script: LOOK, gates });
  }, PATIENCE_MS);
  afterAll(() => range.close());

  it("by an agent fails, however it is tried", async () => {
    expect(attacker.agent, JSON.stringify(attacker.verdicts)).toMatchObject({ status: "completed" });
    expect(await shown(attacker, "reached")).toBe("control");
  });

  it("by a gate's command fails, too", () => {
    expect(attacker.verdicts["lint"]).toMatch(/^passed/);
    expect(next.verdicts["lint"]).toMatch(/^passed/);
  });

  it("does not change a byte, a mode or a time of the shared copy", async () => {
    expect(before.length).toBeGreaterThan(3);
    expect((await picture(folder)).filter((line) => !line.includes("prepared.json"))).toEqual(before);
  });

  it("reaches no other agent and no other gate, not even what was written to the tools' scratch folders", async () => {
    expect(next.agent, JSON.stringify(next.verdicts)).toMatchObject({ status: "completed" });
    expect(await shown(next, "seen")).toBe(SEEN);
    expect(next.verdicts["typecheck"]).toMatch(/^passed/);
    expect(next.verdicts["prepare"]).toContain("prepared before");
  });
});
