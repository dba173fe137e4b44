import { parseEgressTarget } from "@mosaic/domain";
import { z } from "zod";

/** `host:port`, as a task or a base branch asks for it. */
export const EgressTargetText = z
  .string()
  .max(260)
  .refine((text) => parseEgressTarget(text) !== null, {
    message: "must look like api.example.com:443: a host name in lower case and a port",
  })
  .meta({ description: "`host:port`, a host name in lower case." });

/** The path of the file in a repository. Only the base branch's copy counts. */
export const ENVIRONMENT_PATH = ".mosaic/environment.json";
export const ENVIRONMENT_MAX_BYTES = 64 * 1024;

/** What prepare commands may fill, and agents and gates see read-only; `bin` in it is on their PATH. */
export const ENVIRONMENT_FOLDER = "/opt/mosaic/environment";

const TreePath = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\0]+$/, "must be a path inside the repository");

/**
 * `.mosaic/environment.json`. Strict: a misspelt key would otherwise silently give another environment.
 *
 * ```json
 * {
 *   "image": "mosaic-agent:latest",
 *   "prepare": ["npm ci --ignore-scripts", "pip install --target \"$MOSAIC_ENVIRONMENT/python\" ruff==0.14.0"],
 *   "inputs": ["tools/versions.txt"],
 *   "egress": ["api.example.com:443"]
 * }
 * ```
 */
export const EnvironmentDefinition = z.strictObject({
  $schema: z.string().max(1000).optional(),
  /** Image of the agents' and the gates' sandboxes; one of MOSAIC_IMAGES. */
  image: z.string().trim().min(1).max(300).optional(),
  /** Run by `sh -e`, one after the other, with the package registries as the only network. */
  prepare: z.array(z.string().trim().min(1).max(10_000)).min(1).max(50).optional(),
  /** Files the commands read beside the manifests and lockfiles that are known. */
  inputs: z.array(TreePath).max(200).optional(),
  /** What tasks on this branch may ask for, within MOSAIC_EGRESS_REPOSITORY_ALLOW. */
  egress: z.array(EgressTargetText).max(64).optional(),
});
export type EnvironmentDefinition = z.infer<typeof EnvironmentDefinition>;

export type ParsedEnvironment =
  | { readonly ok: true; readonly environment: EnvironmentDefinition }
  | { readonly ok: false; readonly reason: string };

/** Reads the text of `.mosaic/environment.json`; null is a repository without one. */
export function parseEnvironment(text: string | null): ParsedEnvironment {
  if (text === null) return { ok: true, environment: {} };
  const refused = (why: string): ParsedEnvironment => ({
    ok: false,
    reason: `${ENVIRONMENT_PATH} of the base branch ${why}`,
  });
  if (text.length > ENVIRONMENT_MAX_BYTES) return refused(`is larger than ${ENVIRONMENT_MAX_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refused(`is not JSON: ${String(error)}`);
  }
  const parsed = EnvironmentDefinition.safeParse(value);
  if (parsed.success) return { ok: true, environment: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
  return refused(`is not valid: ${issues.join("; ")}`);
}

/**
 * Whether the image a base branch names may be used here. Null when it may, or when it names none; otherwise why not,
 * and what to do.
 */
export function imageRefusal(
  image: string | undefined,
  here: { readonly sandbox: string; readonly takesImages: boolean; readonly images: readonly string[] },
): string | null {
  if (image === undefined) return null;
  const named = `${ENVIRONMENT_PATH} of the base branch names the image '${image}'`;
  if (!here.takesImages)
    return `${named}, but the sandbox here (${here.sandbox}) has no images; use Docker or Podman, or take 'image' out of the file`;
  if (here.images.includes(image)) return null;
  return `${named}, which is not one of this instance's (MOSAIC_IMAGES: ${here.images.join(", ") || "none"})`;
}
