import { RUNTIME_KINDS, RUNTIME_NAME } from "@mosaic/domain";
import { z } from "zod";

export const RuntimeName = z
  .string()
  .regex(RUNTIME_NAME, "must be 1 to 64 lower-case letters, digits or hyphens, and begin with a letter");

/** A way to run agents, and whether it can be used here. */
export const RuntimeView = z.object({
  name: RuntimeName,
  kind: z.enum(RUNTIME_KINDS).meta({ description: "Which adapter runs its agents." }),
  default: z.boolean().meta({ description: "Taken when a task names none (MOSAIC_DEFAULT_RUNTIME)." }),
  installed: z.boolean(),
  version: z.string().optional().meta({ description: "Present when it is installed." }),
  problem: z.string().optional().meta({ description: "Why no agent can be started with it." }),
  remedy: z.string().optional().meta({ description: "What to do about that." }),
});
export type RuntimeView = z.infer<typeof RuntimeView>;

export const RuntimeList = z.object({ items: z.array(RuntimeView) });
