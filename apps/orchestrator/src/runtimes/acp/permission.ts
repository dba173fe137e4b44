import { z } from "zod";

const Asked = z.looseObject({
  toolCall: z.looseObject({ title: z.string().nullish() }).optional(),
  options: z.array(z.looseObject({ optionId: z.string(), kind: z.string() })),
});

type Answer = { readonly outcome: "selected"; readonly optionId: string } | { readonly outcome: "cancelled" };

export interface PermissionAnswer {
  readonly answer: Answer;
  /** What was asked, and what was said, for the transcript. */
  readonly told: string;
}

/** In the order of preference. Once is enough: it is asked again, and the transcript says so again. */
const YES = ["allow_once", "allow_always"];
const NO = ["reject_once", "reject_always"];

/**
 * Answers an agent that asks before it does something. Where walls hold it may do everything, as nothing it can do
 * leaves them; where there are none it may not, as nobody is there to look.
 */
export function answerPermission(params: unknown, isolates: boolean): PermissionAnswer {
  const asked = Asked.safeParse(params);
  if (!asked.success)
    return { answer: { outcome: "cancelled" }, told: "it asked for something unreadable: refused" };
  const { toolCall, options } = asked.data;
  const what = (toolCall?.title ?? "do something").slice(0, 500);
  const wanted = isolates ? YES : NO;
  const [option] = wanted.flatMap((kind) => options.filter((candidate) => candidate.kind === kind));
  const allowed = isolates && option !== undefined;
  return {
    answer:
      option === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: option.optionId },
    told: `it asked before: ${what}; ${allowed ? "allowed" : "refused"}`,
  };
}
