import { DEFAULT_COVERAGE, type Gate, GATES } from "@mosaic/domain";
import { z } from "zod";

/** The path of the file in a repository. Only the base branch's copy counts. */
export const DEFINITION_PATH = ".mosaic/gates.json";
export const DEFINITION_MAX_BYTES = 256 * 1024;

const TreePath = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\0]+$/, "must be a path inside the repository");

const Command = z.string().trim().min(1).max(10_000);

const GateDefinition = z
  .strictObject({
    /** Run by `sh -c` in the root of the checkout. */
    command: Command.optional(),
    /** Wall clock of this gate, instead of the coordinator's default. */
    timeoutSeconds: z.int().min(1).max(7200).optional(),
    /** Why the gate is not run for this repository. Shown with every verdict. */
    skip: z.string().trim().min(1).max(500).optional(),
    /** Where the coverage gate's command leaves its report. */
    report: TreePath.optional(),
  })
  .refine((gate) => gate.skip === undefined || gate.command === undefined, {
    message: "has both 'skip' and 'command': keep one",
  });

/**
 * `.mosaic/gates.json`. Strict: a misspelt key would otherwise silently weaken a gate.
 *
 * ```json
 * {
 *   "gates": {
 *     "lint": { "command": "npx eslint --max-warnings=0 .", "timeoutSeconds": 120 },
 *     "build": { "skip": "a library without a build step" }
 *   },
 *   "coverage": { "threshold": 0.9, "report": "coverage/lcov.info" },
 *   "tests": { "minimum": 120 },
 *   "prepare": { "command": "npm ci --ignore-scripts", "scripts": false }
 * }
 * ```
 */
export const GatesDefinition = z.strictObject({
  $schema: z.string().max(1000).optional(),
  gates: z.partialRecord(z.enum(GATES), GateDefinition).optional(),
  coverage: z
    .strictObject({
      /** Share of lines, 0 to 1. Default: 0.85 (ORCH-121). */
      threshold: z.number().min(0).max(1).optional(),
      report: TreePath.optional(),
    })
    .optional(),
  tests: z
    .strictObject({
      /** Fewer tests that ran fail the gate; 0 lets a run pass whose tests cannot be counted. */
      minimum: z.int().min(0).max(100_000_000).optional(),
    })
    .optional(),
  prepare: z
    .strictObject({
      /** Instead of the package manager's own install; runs with registry network only. */
      command: Command.optional(),
      /** True runs the dependencies' install scripts (still in the sandbox, without network secrets). */
      scripts: z.boolean().optional(),
    })
    .optional(),
});
export type GatesDefinition = z.infer<typeof GatesDefinition>;
export type GateDefinition = NonNullable<NonNullable<GatesDefinition["gates"]>[Gate]>;

export type ParsedDefinition =
  | { readonly ok: true; readonly definition: GatesDefinition }
  | { readonly ok: false; readonly reason: string };

/** Reads the text of `.mosaic/gates.json`; null is a repository without one. */
export function parseDefinition(text: string | null): ParsedDefinition {
  if (text === null) return { ok: true, definition: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, reason: `${DEFINITION_PATH} of the base branch is not JSON: ${String(error)}` };
  }
  const parsed = GatesDefinition.safeParse(value);
  if (parsed.success) return { ok: true, definition: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
  return { ok: false, reason: `${DEFINITION_PATH} of the base branch is not valid: ${issues.join("; ")}` };
}

/** The share of lines that must be covered. */
export function coverageThreshold(definition: GatesDefinition): number {
  return definition.coverage?.threshold ?? DEFAULT_COVERAGE;
}
