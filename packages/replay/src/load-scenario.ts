import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { Scenario } from "./scenario.ts";

const BUILT_IN = fileURLToPath(new URL("../scenarios", import.meta.url));
const EXTENSION = ".yaml";

/** A scenario that cannot be used. Names the file and the field. */
export class ScenarioError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ScenarioError";
  }
}

export interface ScenarioSummary {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  /** True for scenarios that only tests need. */
  readonly forTests: boolean;
}

/** Folders that are searched for a scenario's name, in order. */
function folders(scenarioDir: string | undefined): readonly string[] {
  return [...(scenarioDir === undefined ? [] : [scenarioDir]), BUILT_IN, join(BUILT_IN, "tests")];
}

/** The scenarios that ship with this package, and those of `scenarioDir`, by name. */
export async function listScenarios(scenarioDir?: string): Promise<readonly ScenarioSummary[]> {
  const found = new Map<string, ScenarioSummary>();
  for (const folder of folders(scenarioDir)) {
    const files = (await readdir(folder)).filter((file) => file.endsWith(EXTENSION));
    for (const path of files.map((file) => join(folder, file))) {
      const { name, description } = await readScenario(path);
      const forTests = folder === join(BUILT_IN, "tests");
      if (!found.has(name)) found.set(name, { name, description, path, forTests });
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Loads a scenario by name (`fix-failing-test`) or by the path of a YAML file.
 * @throws ScenarioError naming the file and field, or the names there are
 */
export async function loadScenario(nameOrPath: string, scenarioDir?: string): Promise<Scenario> {
  if (nameOrPath.includes("/") || nameOrPath.endsWith(EXTENSION)) return readScenario(resolve(nameOrPath));
  const known = await listScenarios(scenarioDir);
  const match = known.find((scenario) => scenario.name === nameOrPath);
  if (match !== undefined) return readScenario(match.path);
  const names = known.map((scenario) => scenario.name).join(", ");
  throw new ScenarioError(`there is no scenario '${nameOrPath}'; there are: ${names}`);
}

async function readScenario(path: string): Promise<Scenario> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ScenarioError(`${path}: cannot be read`, { cause });
  });
  const scenario = parseScenario(text, path);
  const expected = basename(path, EXTENSION);
  if (dirname(path).startsWith(BUILT_IN) && scenario.name !== expected) {
    throw new ScenarioError(`${path}: name: must be '${expected}', as the file is called`);
  }
  return scenario;
}

/** Parses and checks a scenario's YAML; `source` names it in errors. @throws ScenarioError */
export function parseScenario(text: string, source: string): Scenario {
  const parsed = Scenario.safeParse(parseYaml(text, source));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${source}: ${field(issue.path)}: ${issue.message}`);
  throw new ScenarioError(problems.join("\n"), { cause: parsed.error });
}

function parseYaml(text: string, source: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScenarioError(`${source}: is not valid YAML: ${why}`, { cause });
  }
}

/** `turns[0].steps[2].fault.status` */
function field(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(the file)";
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
