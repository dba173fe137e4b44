import { existsSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * Settings of a repository on this machine that make `git receive-pack` run a program or touch a checkout, switched off:
 * git hides our own configuration from that process, and there the repository's would count.
 */
const NEUTRAL = [
  "core.alternateRefsCommand=true",
  "core.fsmonitor=false",
  "core.attributesFile=/dev/null",
  "receive.denyCurrentBranch=refuse",
  "receive.autogc=false",
  "gc.auto=0",
  "maintenance.auto=false",
];

/**
 * The program that receives a push to a repository on this machine. The hooks of a bare repository are its owner's
 * rules, as on a server, and apply; those of a working copy are nobody's rules for a push, and do not.
 */
export function receivePack(path: string): string {
  const isWorkingCopy = basename(path) === ".git" || existsSync(join(path, ".git"));
  const settings = isWorkingCopy ? [...NEUTRAL, "core.hooksPath=/dev/null"] : NEUTRAL;
  return ["git", ...settings.map((setting) => `-c ${setting}`), "receive-pack"].join(" ");
}
