import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { alnum, glue } from "../corpus/samples.ts";
import { createFileScanner, type FileScanner, type FileScannerOptions } from "./file-scanner.ts";

const SALT = "a salt for the tests";
const KEY = glue("gh", "p_", alnum(36));
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

function open(options: Partial<FileScannerOptions> = {}): FileScanner {
  const scanner = createFileScanner({ salt: SALT, ...options });
  undo.push(() => scanner.close());
  return scanner;
}

/** A thread that is not ours: what it does with a request is `body`. */
async function threadThat(body: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), "mosaic-thread-"));
  undo.push(() => rm(folder, { recursive: true }));
  const file = join(folder, "thread.mjs");
  const text = `import { parentPort } from "node:worker_threads";
    parentPort.on("message", (request) => { ${body} });
    parentPort.postMessage({ kind: "ready" });`;
  await writeFile(file, text);
  return pathToFileURL(file);
}

const file = (content: string | Buffer | null, path = "a.txt") => ({
  path,
  content: typeof content === "string" ? Buffer.from(content) : content,
});
const UNSCANNABLE = { rule: "unscannable", path: "a.txt", line: null };

describe("files scanned in a thread", () => {
  it("give the findings of our rules, of secretlint, and of values held for this file only", async () => {
    const scanner = open({ known: [{ name: "ours", value: "correct-horse-battery" }] });
    const text = `one ${KEY}\ntwo correct-horse-battery\nthree staple-of-the-agent`;
    const found = await scanner.scan(file(text), [{ name: "canary", value: "staple-of-the-agent" }]);
    expect(found.map(({ rule, line }) => [rule, line])).toEqual([
      ["known:canary", 3],
      ["github-token", 1],
      ["known:ours", 2],
    ]);
    expect(await scanner.scan(file(text.replace(KEY, "")))).toMatchObject([{ rule: "known:ours" }]);
  });

  it("are found by secretlint where no rule of ours knows the shape, and its comments switch nothing off", async () => {
    const linear = glue("lin", "_api_", alnum(40));
    const op = `/* secretlint-disable */ x = "${linear}" // secretlint-disable-line`;
    expect(await open().scan(file(op))).toMatchObject([{ rule: "linear-key" }]);
    const figma = glue("fi", "gd_", alnum(60));
    expect(await open().scan(file(`/* secretlint-disable */ ${figma}`))).toHaveLength(1);
  });

  it("that cannot be read, or are too large, are findings", async () => {
    const scanner = open({ maxFileBytes: 100 });
    expect(await scanner.scan(file(null))).toMatchObject([UNSCANNABLE]);
    expect(await scanner.scan(file("x".repeat(101)))).toMatchObject([UNSCANNABLE]);
    expect(await scanner.scan(file("nothing"))).toEqual([]);
  });

  it("that take too long are findings, their thread is ended, and the next file gets another", async () => {
    const entry = await threadThat(`
      if (request.path === "slow") for (;;);
      parentPort.postMessage({ kind: "done", findings: [] });`);
    const scanner = open({ entry, timeLimitMs: 200 });
    const [before, slow, after] = await Promise.all([
      scanner.scan(file("x", "fast")),
      scanner.scan(file("x", "slow")),
      scanner.scan(file("x", "fast")),
    ]);
    expect([before, after]).toEqual([[], []]);
    expect(slow).toMatchObject([{ rule: "unscannable", path: "slow" }]);
  });

  it.each([
    ["ends", "process.exit(1)"],
    ["throws", "throw new Error('broken')"],
    ["runs out of memory", "const all = []; for (;;) all.push(new Array(1e6).fill(all.length))"],
    ["says that an engine failed", "parentPort.postMessage({ kind: 'failed', why: 'Error' })"],
  ])("whose thread %s are findings", async (_, body) => {
    const scanner = open({ entry: await threadThat(body), timeLimitMs: 30_000 });
    expect(await scanner.scan(file("x"))).toMatchObject([UNSCANNABLE]);
    expect(await scanner.scan(file("x"))).toMatchObject([UNSCANNABLE]);
  });

  it("are findings once the scanner is closed", async () => {
    const scanner = open();
    await scanner.close();
    expect(await scanner.scan(file("x"))).toMatchObject([UNSCANNABLE]);
  });
});
