import { type CommitFiles, firstPath } from "../detect/commit-files.ts";
import { TREE } from "../detect/gate-command.ts";
import {
  type DependencyPlan,
  NOTHING_TO_PREPARE,
  type PlannedDependencies,
  type PrepareSettings,
} from "./plan.ts";

const REQUIREMENTS = [
  "requirements.lock",
  "requirements-dev.lock",
  "requirements.txt",
  "requirements-dev.txt",
  "dev-requirements.txt",
];

const PROJECT_FILES = ["pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock"];

/**
 * Dependencies of a Python project: a virtual environment at `.venv`, from `uv.lock` or from requirement files in which
 * every line is pinned. Wheels only: building a source distribution would run its code.
 */
export async function planPython(
  files: CommitFiles,
  settings: PrepareSettings,
): Promise<PlannedDependencies> {
  if (settings.command !== undefined) return planCommand(files, settings.command);
  if (files.paths.has("uv.lock") && files.paths.has("pyproject.toml")) {
    const build = settings.scripts === true ? "" : " --no-build";
    const command = `uv sync --frozen --all-groups --no-install-project${build} --link-mode=copy`;
    return { kind: "plan", plan: pythonPlan("uv", command, ["uv.lock", "pyproject.toml"]) };
  }
  const requirements = REQUIREMENTS.filter((path) => files.paths.has(path));
  const loose = await unpinned(files, requirements);
  if (loose !== null) return unlocked(loose);
  if (requirements.length > 0) {
    const wheels = settings.scripts === true ? "" : " --only-binary :all:";
    const list = requirements.map((path) => `-r ${path}`).join(" ");
    const command = `python3 -m venv .venv && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check${wheels} ${list}`;
    return { kind: "plan", plan: pythonPlan("pip", command, requirements) };
  }
  return (await declaresDependencies(files))
    ? unlocked(
        "The project declares Python dependencies, but the commit has neither uv.lock nor a pinned requirements.lock.",
      )
    : NOTHING_TO_PREPARE;
}

/** The base branch's own way: whatever declares or locks dependencies is an input. */
function planCommand(files: CommitFiles, command: string): PlannedDependencies {
  const inputs = [...PROJECT_FILES, ...REQUIREMENTS].filter((path) => files.paths.has(path));
  if (inputs.length === 0) return NOTHING_TO_PREPARE;
  return { kind: "plan", plan: { ...pythonPlan("pip", command, inputs), program: null } };
}

function unlocked(why: string): PlannedDependencies {
  const remedy =
    "Commit a uv.lock ('uv lock'), or a requirements.lock with every package pinned ('pip freeze').";
  return { kind: "unlocked", manager: "pip", message: `${why} ${remedy}` };
}

/** The first requirement that does not name one exact version, as a sentence; null when all do. */
async function unpinned(files: CommitFiles, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const lines = ((await files.text(path)) ?? "").replaceAll(/\\\r?\n/g, " ").split(/\r?\n/);
    for (const line of lines) {
      const requirement = line.replace(/(?:^|\s)#.*$/, "").trim();
      if (requirement === "" || /^--(?:hash|only-binary|require-hashes)\b/.test(requirement)) continue;
      if (/^-r\s*\S+$/.test(requirement) && paths.some((other) => requirement.endsWith(other))) continue;
      if (
        !/^[A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?\s*===?\s*[^\s*,;]+(?:\s*;.*|\s+--hash.*)?$/.test(requirement)
      ) {
        return `'${requirement.slice(0, 200)}' in ${path} does not name one exact version.`;
      }
    }
  }
  return null;
}

async function declaresDependencies(files: CommitFiles): Promise<boolean> {
  const project = (await files.text("pyproject.toml")) ?? "";
  const setup = (await files.text("setup.cfg")) ?? "";
  return (
    /^dependencies\s*=\s*\[\s*["']/m.test(project) ||
    /^\[(?:dependency-groups|project\.optional-dependencies|tool\.poetry\.dependencies)/m.test(project) ||
    /^install_requires\s*=/m.test(setup) ||
    firstPath(files, ["Pipfile", "poetry.lock"]) !== undefined
  );
}

function pythonPlan(program: "uv" | "pip", command: string, inputs: readonly string[]): DependencyPlan {
  return {
    manager: program,
    program: program === "uv" ? "uv" : "python3",
    command,
    env: { PYTHONDONTWRITEBYTECODE: "1", PIP_NO_INPUT: "1" },
    inputs,
    placeholders: [],
    outputs: [{ kind: "folder", path: ".venv", scratch: [] }],
    runtime: {
      env: { VIRTUAL_ENV: `${TREE}/.venv`, PYTHONDONTWRITEBYTECODE: "1" },
      path: [`${TREE}/.venv/bin`],
      pathEnd: [],
    },
  };
}
