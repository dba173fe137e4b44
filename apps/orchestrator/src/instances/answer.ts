import { type Json, ProblemError } from "@mosaic/contracts";
import { z } from "zod";

const Refusal = z.object({ refused: z.string() });

/** The answer to an order that cannot be carried out, as when its agent has ended. */
export function refuse(why: string): Json {
  return { refused: why } satisfies z.infer<typeof Refusal>;
}

/**
 * What another orchestrator answered to an order; null when that cannot be understood.
 * @throws ProblemError illegal_transition with its words, when it refused
 */
export function readAnswer<T>(schema: z.ZodType<T>, answer: unknown): T | null {
  const done = schema.safeParse(answer);
  if (done.success) return done.data;
  const refusal = Refusal.safeParse(answer);
  if (refusal.success) throw new ProblemError("illegal_transition", refusal.data.refused);
  return null;
}
