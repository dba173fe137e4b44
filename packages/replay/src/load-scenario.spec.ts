import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listScenarios, loadScenario, parseScenario, ScenarioError } from "./load-scenario.ts";

describe("the scenarios that ship", () => {
  test("are all well-formed and say what they are for", async () => {
    const all = await listScenarios();
    expect(all.length).toBeGreaterThan(15);
    for (const { name } of all) await expect(loadScenario(name)).resolves.toMatchObject({ name });
    expect(all.filter((scenario) => !scenario.forTests).map((scenario) => scenario.name)).toEqual([
      "fix-failing-test",
      "tour",
    ]);
  });

  test("are named in the error about one that is not there", async () => {
    await expect(loadScenario("nope")).rejects.toThrow(
      /no scenario 'nope'; there are: .*fix-failing-test.*tour/,
    );
  });
});

describe("a scenario of one's own", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "scenarios-"));
  });
  afterEach(async () => rm(folder, { recursive: true }));

  test("is found by path, and by name in its folder, before a built-in one", async () => {
    const path = join(folder, "tour.yaml");
    await writeFile(path, "name: tour\ndescription: mine\nturns: [{ steps: [{ say: hello }] }]\n");
    expect((await loadScenario(path)).description).toBe("mine");
    expect((await loadScenario("tour", folder)).description).toBe("mine");
  });

  test("that cannot be read is an error with its path", async () => {
    await expect(loadScenario(join(folder, "gone.yaml"))).rejects.toThrow(/gone\.yaml: cannot be read/);
  });
});

describe("a malformed scenario is refused with file and field:", () => {
  const refusal = (text: string): string => {
    try {
      parseScenario(text, "x.yaml");
    } catch (error) {
      if (error instanceof ScenarioError) return error.message;
      throw error;
    }
    return "accepted";
  };
  const withStep = (step: string): string =>
    refusal(`name: x\ndescription: d\nturns:\n  - steps:\n      - say: first\n      - ${step}\n`);

  test("not YAML", () => expect(refusal("a: [")).toMatch(/^x\.yaml: is not valid YAML/));
  test("empty", () => expect(refusal("")).toMatch(/^x\.yaml: \(the file\): /));
  test("no turns", () => expect(refusal("name: x\ndescription: d\nturns: []")).toMatch(/^x\.yaml: turns: /));
  test("a wrong name", () =>
    expect(refusal("name: A B\ndescription: d\nturns: []")).toMatch(/name: must be kebab-case/));
  test("an unknown field", () => expect(withStep("shout: hello")).toMatch(/turns\[0\]\.steps\[1\]: .*shout/));
  test("an empty step", () => expect(withStep("{}")).toMatch(/turns\[0\]\.steps\[1\]: must say/));
  test("two verbs", () =>
    expect(withStep("tools: [{ bash: ls, read: a }]")).toMatch(
      /steps\[1\]\.tools\[0\]: must have exactly one of/,
    ));
  test("a missing part of a verb", () =>
    expect(withStep("tools: [{ write: { path: a } }]")).toMatch(/steps\[1\]\.tools\[0\]\.write\.content: /));
  test("an unknown fault", () =>
    expect(withStep("fault: { kind: fire }")).toMatch(/steps\[1\]\.fault\.kind: /));
  test("a fault out of range", () =>
    expect(withStep("fault: { kind: status, status: 200 }")).toMatch(/steps\[1\]\.fault\.status: /));
  test("a field that a fault does not have", () =>
    expect(withStep("fault: { kind: hang, status: 500 }")).toMatch(/steps\[1\]\.fault: .*status/));
});
