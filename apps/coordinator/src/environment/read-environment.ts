import { dirname } from "node:path";
import {
  type EnvironmentDefinition,
  ENVIRONMENT_MAX_BYTES,
  ENVIRONMENT_PATH,
  imageRefusal,
  parseEnvironment,
  type ParsedEnvironment,
} from "@mosaic/contracts";
import { type ImageIds, SandboxError } from "@mosaic/sandbox";
import type { CommitTree } from "../checkout/read-commit.ts";
import type { PrepareSettings } from "../dependencies/plan.ts";
import type { ParsedDefinition } from "../gates/definition.ts";

/** What a base branch may choose here. */
export interface EnvironmentPolicy {
  readonly sandbox: string;
  readonly takesImages: boolean;
  readonly images: readonly string[];
  readonly imageIds: ImageIds;
}

/**
 * `.mosaic/environment.json` of a commit, when what it asks for can be had here; else why not. Its image is the id of what
 * the name stands for now: what was prepared in another image of that name is not used, and no gate runs in another one
 * than the next.
 */
export async function readEnvironment(
  tree: CommitTree,
  policy: EnvironmentPolicy,
): Promise<ParsedEnvironment> {
  const refused = (why: string): ParsedEnvironment => ({
    ok: false,
    reason: `${ENVIRONMENT_PATH} of the base branch ${why}`,
  });
  // A link would be read as no file at all, and so as no environment.
  if ([ENVIRONMENT_PATH, dirname(ENVIRONMENT_PATH)].some((path) => tree.links.has(path)))
    return refused("is a symbolic link; it must be a file");
  const text = await tree.text(ENVIRONMENT_PATH);
  if (text === null && tree.paths.has(ENVIRONMENT_PATH))
    return refused(`is larger than ${ENVIRONMENT_MAX_BYTES} bytes`);
  const parsed = parseEnvironment(text);
  if (!parsed.ok) return parsed;
  const { image } = parsed.environment;
  const refusal = imageRefusal(image, policy);
  if (refusal !== null) return { ok: false, reason: refusal };
  if (image === undefined) return parsed;
  try {
    return { ok: true, environment: { ...parsed.environment, image: await policy.imageIds(image) } };
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return refused(`names the image '${image}', which cannot be had: ${error.message}`);
  }
}

export type BaseRules =
  | {
      readonly ok: true;
      readonly environment: EnvironmentDefinition;
      readonly prepare: PrepareSettings;
    }
  | { readonly ok: false; readonly reason: string };

/** How dependencies are prepared, by both files of the base branch: each may say how, not both. */
export function baseRules(definition: ParsedDefinition, parsed: ParsedEnvironment): BaseRules {
  if (!definition.ok) return definition;
  if (!parsed.ok) return parsed;
  const { environment } = parsed;
  const prepare = definition.definition.prepare ?? {};
  const { image, prepare: commands } = environment;
  if (commands !== undefined && prepare.command !== undefined) {
    const reason = `The base branch says in ${ENVIRONMENT_PATH} ('prepare') and in .mosaic/gates.json ('prepare.command') how dependencies are prepared; keep one.`;
    return { ok: false, reason };
  }
  return {
    ok: true,
    environment,
    prepare: {
      ...prepare,
      ...(image === undefined ? {} : { image }),
      ...(commands === undefined ? {} : { environment: { commands, inputs: environment.inputs ?? [] } }),
    },
  };
}
