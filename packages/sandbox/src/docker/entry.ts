import type { SandboxSpec } from "../port.ts";

/** Said on stdout before the command runs, and never passed on. */
export const READY = "mosaic-ready\n";

/** Set by engines though nobody asked for them. */
export const ADDED_BY_ENGINES = ["HOME", "HOSTNAME", "TERM", "container"];

/**
 * The container's command: goes to the working folder, drops variables that the specification does not name, says that
 * all is in place, and becomes the specification's command. The engine itself would make a working folder that is missing.
 */
export function entry(spec: SandboxSpec, options: { readonly ownImage: boolean }): string[] {
  // An image may bring a PATH of its own to its own programs.
  const added = [...ADDED_BY_ENGINES, ...(options.ownImage ? [] : ["PATH"])];
  const unset = added.filter((name) => !Object.hasOwn(spec.env, name));
  const script = `cd "$1" && shift || exit 125; unset ${unset.join(" ")}; printf ${READY.trim()}'\\n' && exec "$@"`;
  return ["/bin/sh", "-c", script, "mosaic", spec.cwd, ...spec.command];
}
