import { z } from "zod";

/** How often a fault strikes the same conversation before the step's own answer is given. */
const Times = z.union([z.int().min(1), z.literal("always")]).default(1);
const Milliseconds = z.int().min(0).max(600_000);

const StatusFault = z.strictObject({
  kind: z.literal("status"),
  status: z.int().min(400).max(599),
  type: z.string().min(1).optional(),
  message: z.string().min(1).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  times: Times,
});
const OverflowFault = z.strictObject({ kind: z.literal("overflow"), times: Times });
const StreamErrorFault = z.strictObject({
  kind: z.literal("stream_error"),
  type: z.string().min(1).default("overloaded_error"),
  message: z.string().min(1).default("Overloaded"),
  times: Times,
});
const CutFault = z.strictObject({ kind: z.literal("cut"), bytes: z.int().min(0), times: Times });
const HangFault = z.strictObject({
  kind: z.literal("hang"),
  at: z.enum(["headers", "stream"]).default("stream"),
  times: Times,
});
const GarbageFault = z.strictObject({ kind: z.literal("garbage"), times: Times });
const NoUsageFault = z.strictObject({ kind: z.literal("no_usage"), times: Times });
const DripFault = z.strictObject({
  kind: z.literal("drip"),
  bytes: z.int().min(1),
  everyMs: Milliseconds,
  times: Times,
});

const NoiseFault = z.strictObject({ kind: z.literal("noise"), times: Times });

/** What goes wrong instead of (or, for `drip`, `noise` and `no_usage`, along with) a step's answer. */
export const Fault = z.discriminatedUnion("kind", [
  StatusFault,
  OverflowFault,
  StreamErrorFault,
  CutFault,
  HangFault,
  GarbageFault,
  NoUsageFault,
  DripFault,
  NoiseFault,
]);
export type Fault = z.infer<typeof Fault>;

export const VERBS = ["bash", "read", "write", "edit", "glob", "grep", "call"] as const;
export type Verb = (typeof VERBS)[number];

const Path = z.string().min(1);
const orShort = <T extends z.ZodType>(long: T) => z.union([z.string().min(1), long]);

/** One tool call: exactly one verb, and optionally the name by which later steps quote its result. */
const ToolStep = z
  .strictObject({
    bash: orShort(z.strictObject({ command: z.string().min(1), timeoutMs: Milliseconds.optional() })),
    read: orShort(
      z.strictObject({ path: Path, from: z.int().min(1).optional(), to: z.int().min(1).optional() }),
    ),
    write: z.strictObject({ path: Path, content: z.string() }),
    edit: z.strictObject({
      path: Path,
      old: z.string().min(1),
      new: z.string(),
      all: z.boolean().optional(),
    }),
    glob: orShort(z.strictObject({ pattern: z.string().min(1), path: Path.optional() })),
    grep: orShort(z.strictObject({ pattern: z.string().min(1), path: Path.optional() })),
    call: z.strictObject({ name: z.string().min(1), input: z.record(z.string(), z.unknown()) }),
    as: z.string().regex(/^[a-z][a-z0-9_-]*$/, "must be lower-case letters, digits, '-' and '_'"),
  })
  .partial()
  .refine((tool) => VERBS.filter((verb) => tool[verb] !== undefined).length === 1, {
    message: `must have exactly one of ${VERBS.join(", ")}`,
  });
export type ToolStep = z.infer<typeof ToolStep>;

/** One answer of the model. */
const Step = z
  .strictObject({
    say: z.string().min(1).optional(),
    tools: z.array(ToolStep).min(1).optional(),
    /** Overrides the stop reason, which is otherwise `tool_use` with tools and `end_turn` without. */
    stop: z.string().min(1).optional(),
    fault: Fault.optional(),
  })
  .refine((step) => Object.keys(step).length > 0, { message: "must say, call, stop or fail something" });
export type Step = z.infer<typeof Step>;

/** What a scripted model answers: one turn for each prompt it is given, one step for each request in it. */
export const Scenario = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be kebab-case"),
  description: z.string().min(1),
  turns: z.array(z.strictObject({ steps: z.array(Step).min(1) })).min(1),
  /** What a prompt after the last turn gets: closing words, or the last turn once more. */
  beyond: z.enum(["end", "repeat"]).default("end"),
});
export type Scenario = z.infer<typeof Scenario>;
