import type { Git } from "@mosaic/git";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AT, type Bench, createBench } from "../../tests/git/bench.ts";
import { createSeenHeads } from "./seen-heads.ts";

let bench: Bench;
/** The commands that were run, and what to do before one. */
let commands: string[];
let before: (call: Parameters<Git["run"]>[0], git: Git) => Promise<unknown>;

beforeEach(async () => {
  commands = [];
  before = async () => undefined;
  bench = await createBench({
    files: { "README.md": "hello\n", "AGENTS.md": "guide\n", ".mosaic/environment.json": "{}\n" },
    wrapGit: (git) => ({
      async run(call) {
        commands.push(call.command);
        await before(call, git);
        return await git.run(call);
      },
    }),
  });
});
afterEach(() => bench.dispose());

const ran = (command: string): number => commands.filter((one) => one === command).length;

describe("a mirror", () => {
  it("is not fetched when the remote has just said that its branch is where the mirror has it", async () => {
    const first = await bench.open("T-1");
    const fetched = ran("fetch");
    await bench.workspaces.resolveBranch(bench.repository, "main");
    expect((await bench.open("T-2")).baseCommit).toBe(first.baseCommit);
    expect(ran("fetch")).toBe(fetched);
  });

  it("is fetched when the remote has just named a head the mirror does not have", async () => {
    await bench.open("T-1");
    const newer = await bench.fixture.commit(bench.remote, "main", { "new.txt": "new\n" });
    await bench.workspaces.resolveBranch(bench.repository, "main");
    expect((await bench.open("T-2")).baseCommit).toBe(newer);
  });

  it("is fetched by a process that has not looked at it yet", async () => {
    await bench.open("T-1");
    const other = await bench.reopened();
    await other.resolveBranch(bench.repository, "main");
    const fetched = ran("fetch");
    const request = { repository: bench.repository, baseBranch: "main", agentId: "other", taskId: "T-2" };
    await other.create(request);
    expect(ran("fetch")).toBeGreaterThan(fetched);
  });
});

describe("what a remote said of its heads", () => {
  it("counts for a moment only, and not when the clock goes back", () => {
    let now = Date.parse(AT);
    const heads = createSeenHeads({ now: () => new Date(now) });
    heads.saw("/r", "main", "1");
    expect([heads.lately("/r", "main"), heads.lately("/r", "other")]).toEqual(["1", null]);
    now += 3001;
    expect(heads.lately("/r", "main")).toBeNull();
    heads.saw("/r", "main", "1");
    now -= 1;
    expect(heads.lately("/r", "main")).toBeNull();
  });
});

describe("what agents of one branch are told", () => {
  it("is read once, by one process, and is the same for all", async () => {
    const workspace = await bench.open("T-1");
    const look = () =>
      bench.workspaces.reading(workspace.mirror, async (reader) => [
        (await reader.readFile(workspace.baseCommit, "AGENTS.md", 100))?.toString(),
        await reader.readFile(workspace.baseCommit, "CLAUDE.md", 100),
        await reader.readFile(workspace.baseCommit, "AGENTS.md", 3),
        await reader.readRules(workspace.baseCommit, ".mosaic/environment.json", 100),
      ]);
    commands = [];
    const first = await look();
    expect(first).toEqual(["guide\n", null, null, { kind: "text", text: "{}\n" }]);
    expect(commands).toEqual(["cat-file"]);
    expect(await look()).toEqual(first);
    expect(commands).toEqual(["cat-file"]);
  });

  it("lies in trees that are measured once", async () => {
    await bench.open("T-1");
    expect(ran("ls-tree")).toBe(1);
    await bench.open("T-2");
    expect(ran("ls-tree")).toBe(1);
  });
});

describe("a salvage", () => {
  it("does not take the place of one that was made meanwhile", async () => {
    const workspace = await bench.open("T-1");
    await bench.asAgent(workspace, "echo work > work.txt");
    const ref = `refs/mosaic/salvage/${workspace.agentId}`;
    before = async (call, git) => {
      if (call.command !== "update-ref" || call.values?.[0] !== ref) return;
      before = async () => undefined;
      await git.run({ ...call, values: [ref, workspace.baseCommit] });
    };
    const steps = await bench.workspaces.remove(workspace);
    expect(steps.find(({ name }) => name === "salvage")?.detail).toMatch(/the files are kept at .*: /);
    expect(await bench.mirror(workspace, "rev-parse", ref)).toBe(workspace.baseCommit);
  });
});
