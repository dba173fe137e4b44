import { ADDED_BY_ENGINES } from "./entry.ts";
import type { ContainerSettings } from "./settings.ts";

/** Variables of a container that are neither asked for, nor the image's, nor what engines add and the command takes away. */
export function foreignVariables(
  { env, imageEnv }: Pick<ContainerSettings, "env" | "imageEnv">,
  found: readonly string[],
): readonly string[] {
  const wanted = new Set([...imageEnv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]);
  const added = new Set([...ADDED_BY_ENGINES, "PATH"].filter((name) => !Object.hasOwn(env, name)));
  return found.filter((variable) => !wanted.has(variable) && !added.has(nameOf(variable))).map(nameOf);
}

const nameOf = (variable: string): string => variable.slice(0, variable.indexOf("="));
