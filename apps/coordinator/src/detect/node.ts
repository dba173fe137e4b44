import type { Gate } from "@mosaic/domain";
import { type CommitFiles, firstPath } from "./commit-files.ts";
import {
  type Detection,
  type GateCommand,
  NOTHING_DETECTED,
  plainCommand,
  shellQuote,
} from "./gate-command.ts";
import {
  isPlaceholder,
  type NodeManifest,
  parseManifest,
  scriptChain,
  scriptHarness,
  scriptRunner,
} from "./node-scripts.ts";

/** Names a script for a gate goes by; the first that is there counts. */
const SCRIPT_NAMES: Readonly<Record<Exclude<Gate, "review">, readonly string[]>> = {
  typecheck: ["typecheck", "type-check", "tsc", "check:types"],
  lint: ["lint"],
  tests: ["test"],
  coverage: ["coverage", "test:coverage"],
  build: ["build"],
  integration: ["test:integration", "integration"],
};

/** Runners whose own `--coverage` flag writes a report by default. */
const COVERAGE_RUNNER = /(?:^|[\s;&|/])(?:vitest|jest)\b/;

/**
 * Commands of a Node project (npm, pnpm, yarn): the scripts of the base commit's package.json, run as npm runs them.
 * @param commit the files under test, only to tell people which scripts the commit changed
 */
export async function detectNode(base: CommitFiles, commit: CommitFiles): Promise<Detection> {
  const manifest = parseManifest(await base.text("package.json"));
  if (!manifest) return NOTHING_DETECTED;
  const changed = changedScripts(manifest, parseManifest(await commit.text("package.json")));

  const commands: Partial<Record<Gate, GateCommand>> = {};
  for (const [gate, names] of Object.entries(SCRIPT_NAMES)) {
    const name = names.find((candidate) => isUsable(manifest, candidate));
    if (name !== undefined) commands[gate as Gate] = scriptCommand(manifest, name, changed);
  }
  if (!commands.coverage) addCoverageFlag(commands, manifest, changed);
  if (!commands.typecheck) addCompiler(commands, manifest, base);
  return { commands, harness: scriptHarness(manifest), scripts: manifest.scripts };
}

function isUsable(manifest: NodeManifest, name: string): boolean {
  return scriptRunner(name) !== null && !isPlaceholder(manifest.scripts[name] ?? "");
}

function scriptCommand(
  manifest: NodeManifest,
  name: string,
  changed: readonly string[],
  flags: readonly string[] = [],
): GateCommand {
  const chain = scriptChain(manifest.scripts, name);
  const texts = chain.map((part) => {
    const text = manifest.scripts[part] ?? "";
    return part === name ? [text, ...flags].join(" ") : text;
  });
  const words = ["sh", scriptRunner(name) ?? "", ...flags.map((flag) => shellQuote(flag))];
  return {
    command: texts.join(" && "),
    script: words.join(" "),
    source: `the base branch's package.json script '${name}'`,
    notes: changed.length === 0 ? [] : [changedNote(changed)],
  };
}

function changedNote(changed: readonly string[]): string {
  const names = changed.map((name) => `'${name}'`).join(", ");
  return `This commit changes scripts of package.json (${names}); the gate ran the base branch's text of them.`;
}

/** Scripts of the base whose text the commit changed or removed. */
function changedScripts(base: NodeManifest, commit: NodeManifest | null): readonly string[] {
  return Object.entries(base.scripts)
    .filter(([name, text]) => commit?.scripts[name] !== text)
    .map(([name]) => name);
}

function addCoverageFlag(
  commands: Partial<Record<Gate, GateCommand>>,
  manifest: NodeManifest,
  changed: readonly string[],
): void {
  const text = manifest.scripts["test"] ?? "";
  if (!commands.tests || !COVERAGE_RUNNER.test(text)) return;
  commands.coverage = text.includes("--coverage")
    ? commands.tests
    : scriptCommand(manifest, "test", changed, ["--coverage"]);
}

/** A project with a tsconfig and its own compiler can be type-checked without a script for it. */
function addCompiler(
  commands: Partial<Record<Gate, GateCommand>>,
  manifest: NodeManifest,
  base: CommitFiles,
): void {
  const config = firstPath(base, ["tsconfig.json"]);
  if (config === undefined || !manifest.dependencies.has("typescript")) return;
  commands.typecheck = plainCommand(`tsc --noEmit -p ${config}`, "the base branch's tsconfig.json");
}
