import type { Gate } from "@mosaic/domain";
import { type CommitFiles, firstPath } from "./commit-files.ts";
import { type Detection, type GateCommand, NOTHING_DETECTED, plainCommand } from "./gate-command.ts";

const MAKEFILES = ["GNUmakefile", "makefile", "Makefile"];

const TARGETS: Readonly<Record<Exclude<Gate, "review">, readonly string[]>> = {
  typecheck: ["typecheck", "type-check", "check-types"],
  lint: ["lint"],
  tests: ["test", "tests"],
  coverage: ["coverage", "test-coverage"],
  build: ["build"],
  integration: ["test-integration", "integration"],
};

/**
 * Make targets named like gates. A commit that changes the makefile is still judged by the base branch's: that one
 * is given to make with `-f`, from outside the tree.
 */
export async function detectMake(base: CommitFiles, commit: CommitFiles): Promise<Detection> {
  const path = firstPath(base, MAKEFILES);
  const text = path === undefined ? null : await base.text(path);
  if (path === undefined || text === null) return NOTHING_DETECTED;
  const isChanged = (await commit.text(path)) !== text || firstPath(commit, MAKEFILES) !== path;
  const make = isChanged ? 'make -f "$MOSAIC_HARNESS/Makefile"' : "make";
  const notes = isChanged ? [`This commit changes ${path}; the gate ran the base branch's.`] : [];

  const commands: Partial<Record<Gate, GateCommand>> = {};
  for (const [gate, names] of Object.entries(TARGETS)) {
    const target = names.find((name) => hasTarget(text, name));
    if (target === undefined) continue;
    const command = plainCommand(`${make} ${target}`, `the base branch's ${path}`, notes);
    // A file or folder called like the target would make it up to date, and make would run nothing.
    commands[gate as Gate] = { ...command, script: `${make} --eval='.PHONY: ${target}' ${target}` };
  }
  return { commands, harness: isChanged ? new Map([["Makefile", text]]) : new Map() };
}

function hasTarget(text: string, name: string): boolean {
  return new RegExp(String.raw`^(?:[^\s:#=]+ +)*${name}(?: +[^\s:#=]+)* *:(?![:=])`, "m").test(text);
}
