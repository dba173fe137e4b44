import path from "node:path";
import { SandboxError, type SandboxSpec } from "./port.ts";

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Folders inside that belong to the sandbox itself. */
const RESERVED = ["/proc", "/dev"];

/** @throws SandboxError naming the first thing in a specification that no adapter accepts */
export function checkSpec(spec: SandboxSpec): void {
  const refuse = (what: string): never => {
    throw new SandboxError(`sandbox ${JSON.stringify(spec.id)}: ${what}`);
  };
  if (!ID.test(spec.id)) refuse("the id must be 1 to 128 letters, digits, '.', '_', ':' or '-'");
  // Arguments reach bwrap separated by NUL: one inside a value would become an option of its own.
  const texts = [...spec.command, ...Object.entries(spec.env).flat(), spec.label, spec.cwd, ...spec.scratch];
  if (
    [...texts, ...spec.mounts.flatMap((mount) => [mount.source, mount.target])].some((text) =>
      text.includes("\0"),
    )
  ) {
    refuse("a NUL character in the command, environment or a path");
  }
  if (spec.command[0] === "") refuse("the command is empty");
  for (const name of Object.keys(spec.env)) {
    if (name === "" || name.includes("=")) refuse(`'${name}' is no name for an environment variable`);
  }
  if (!isPlain(spec.cwd)) refuse(`the working folder '${spec.cwd}' must be absolute and without '..'`);
  checkTargets(spec, refuse);
  const { cpus, ...whole } = spec.limits;
  if (!Number.isFinite(cpus) || cpus <= 0) refuse("limit 'cpus' must be a positive number");
  for (const [name, value] of Object.entries(whole)) {
    if (!Number.isSafeInteger(value) || value <= 0) refuse(`limit '${name}' must be a positive whole number`);
  }
}

function checkTargets(spec: SandboxSpec, refuse: (what: string) => never): void {
  const seen = new Set<string>();
  for (const target of [...spec.mounts.map((mount) => mount.target), ...spec.scratch]) {
    if (!isPlain(target) || target === "/")
      refuse(`mount target '${target}' must be absolute, without '..', and not '/'`);
    if (RESERVED.some((folder) => isWithin(target, folder)))
      refuse(`mount target '${target}' is the sandbox's own`);
    if (seen.has(target)) refuse(`two mounts at '${target}'`);
    seen.add(target);
  }
}

/** Absolute, normalised, no trailing slash. */
function isPlain(candidate: string): boolean {
  return (
    path.posix.isAbsolute(candidate) &&
    path.posix.normalize(candidate) === candidate &&
    !/.\/$/.test(candidate)
  );
}

/** Whether a path is a folder or lies in it. */
export function isWithin(candidate: string, folder: string): boolean {
  return candidate === folder || candidate.startsWith(folder === "/" ? "/" : `${folder}/`);
}
