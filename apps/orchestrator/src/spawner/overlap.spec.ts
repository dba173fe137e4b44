import { describe, expect, it } from "vitest";
import { newOverlaps, type Worker } from "./overlap.ts";

const worker = (agentId: string, paths: readonly string[] | null, mirror = "/m"): Worker => ({
  agentId,
  taskId: `task-${agentId}`,
  work: paths === null ? null : { mirror, commit: `commit-${agentId}`, tree: `tree-${agentId}`, paths },
  overlaps: new Set(),
});

describe("overlaps of agents at work", () => {
  it("are the files both changed, sorted, with everybody who changed them", () => {
    const one = worker("a", ["z", "x", "y"]);
    const found = newOverlaps(one, [
      one,
      worker("b", ["y", "x", "q"]),
      worker("c", ["q"]),
      worker("d", ["z"]),
    ]);
    expect(found.map(({ other, files }) => [other.agentId, files])).toEqual([
      ["b", ["x", "y"]],
      ["d", ["z"]],
    ]);
  });

  it("are none with agents of another repository, without a snapshot, or before this one has any", () => {
    expect(newOverlaps(worker("a", ["x"]), [worker("b", ["x"], "/other"), worker("c", null)])).toEqual([]);
    expect(newOverlaps(worker("a", null), [worker("b", ["x"])])).toEqual([]);
  });

  it("are told once for a pair and a set of files, whoever looks", () => {
    const one = worker("a", ["x"]);
    const two = worker("b", ["x"]);
    const [first] = newOverlaps(one, [two]);
    one.overlaps.add(first?.key ?? "");
    two.overlaps.add(first?.key ?? "");
    expect(newOverlaps(one, [two])).toEqual([]);
    expect(newOverlaps(two, [one])).toEqual([]);
    const more = { ...two, work: { mirror: "/m", commit: "c2", tree: "t2", paths: ["x", "y"] } };
    expect(newOverlaps({ ...one, work: more.work }, [more])).toHaveLength(1);
  });

  it("keep names apart that only look alike when they are put together", () => {
    const one = worker("a", ["x,y"]);
    const [first] = newOverlaps(one, [worker("b", ["x,y"])]);
    const [second] = newOverlaps(worker("a", ["x", "y"]), [worker("b", ["x", "y"])]);
    expect(first?.key).not.toBe(second?.key);
  });
});
