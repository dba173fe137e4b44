import type { Gate } from "@mosaic/domain";
import { anyPath, type CommitFiles, firstPath } from "./commit-files.ts";
import { type Detection, type GateCommand, NOTHING_DETECTED, plainCommand } from "./gate-command.ts";

const PROJECT_FILES = ["pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "tox.ini"];
const REQUIREMENT_FILES = [
  "requirements.txt",
  "requirements-dev.txt",
  "requirements.lock",
  "dev-requirements.txt",
];

interface PythonProject {
  readonly files: CommitFiles;
  /** pyproject.toml, setup.cfg and tox.ini together: only section names are looked for. */
  readonly settings: string;
  /** What declares dependencies. */
  readonly requirements: string;
}

/** Commands of a Python project, from the configuration files its tools read. */
export async function detectPython(base: CommitFiles): Promise<Detection> {
  if (firstPath(base, PROJECT_FILES) === undefined) return NOTHING_DETECTED;
  const project = await readProject(base);
  const commands: Partial<Record<Gate, GateCommand>> = {};
  const found = {
    typecheck: typecheck(project),
    lint: lint(project),
    tests: tests(project),
    coverage: coverage(project),
    build: build(project),
  };
  for (const [gate, command] of Object.entries(found)) {
    if (command !== null)
      commands[gate as Gate] = plainCommand(command, "the base branch's Python configuration");
  }
  return { commands, harness: new Map() };
}

async function readProject(files: CommitFiles): Promise<PythonProject> {
  const read = async (paths: readonly string[]) =>
    (await Promise.all(paths.map((path) => files.text(path)))).filter((text) => text !== null).join("\n");
  const settings = await read(["pyproject.toml", "setup.cfg", "tox.ini"]);
  const requirements = `${settings}\n${await read(REQUIREMENT_FILES)}`;
  return { files, settings, requirements };
}

function hasSection(project: PythonProject, name: string): boolean {
  const escaped = name.replaceAll(".", String.raw`\.`);
  return new RegExp(String.raw`^\[(?:tool\.|tool:)?${escaped}[\].]`, "m").test(project.settings);
}

function requires(project: PythonProject, name: string): boolean {
  return new RegExp(String.raw`(?:^|[\s"'])${name}(?:[\s"'=<>~!\[;,]|$)`, "m").test(project.requirements);
}

function typecheck(project: PythonProject): string | null {
  if (hasSection(project, "mypy") || firstPath(project.files, ["mypy.ini", ".mypy.ini"]))
    return "python3 -m mypy .";
  if (hasSection(project, "pyright") || project.files.paths.has("pyrightconfig.json"))
    return "pyright --warnings";
  return null;
}

function lint(project: PythonProject): string | null {
  if (hasSection(project, "ruff") || firstPath(project.files, ["ruff.toml", ".ruff.toml"]))
    return "ruff check .";
  if (hasSection(project, "flake8") || project.files.paths.has(".flake8")) return "python3 -m flake8";
  return null;
}

function usesPytest(project: PythonProject): boolean {
  return (
    hasSection(project, "pytest") || project.files.paths.has("pytest.ini") || requires(project, "pytest")
  );
}

function tests(project: PythonProject): string | null {
  if (usesPytest(project)) return "python3 -m pytest";
  const hasTests = anyPath(project.files, /(?:^|\/)test_[^/]*\.py$|_test\.py$/);
  return hasTests ? "python3 -m unittest discover" : null;
}

function coverage(project: PythonProject): string | null {
  if (usesPytest(project) && requires(project, "pytest-cov")) {
    return "python3 -m pytest --cov --cov-report=json";
  }
  if (!requires(project, "coverage") && !hasSection(project, "coverage")) return null;
  const runner = usesPytest(project) ? "pytest" : "unittest discover";
  return `python3 -m coverage run -m ${runner} && python3 -m coverage json`;
}

/** Without build isolation: an isolated build would fetch its build system, and a gate has no network. */
function build(project: PythonProject): string | null {
  return /^\[build-system\]/m.test(project.settings) ? "python3 -m build --no-isolation" : null;
}
