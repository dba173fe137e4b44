import { dollars, integer } from "./readers.ts";
import { variable } from "./variable.ts";

const budget = (scope: string, what: string) =>
  variable({
    names: [`MOSAIC_BUDGET_${scope}_USD`],
    schema: dollars,
    default: undefined,
    group: "Model",
    description: `US dollars that ${what} may cost. Not set: no limit. What a request may cost is held before it is sent.`,
  });

/** What may be spent on the model, and how it is asked. */
export const BUDGET_VARIABLES = {
  budgetAgent: budget("AGENT", "one agent (one attempt)"),
  budgetTask: budget("TASK", "one task, with all its attempts,"),
  budgetRepository: budget("REPOSITORY", "all work on one repository, ever,"),
  budgetInstance: budget("INSTANCE", "everything on this instance, ever,"),
  budgetDay: budget("DAY", "everything on this instance in one day (UTC)"),
  modelConcurrency: variable({
    names: ["MOSAIC_MODEL_CONCURRENCY"],
    schema: integer(1, 1000),
    default: "16",
    group: "Model",
    description: "Requests to the model's API under way at once; more wait, fair among agents.",
  }),
  modelWaitSeconds: variable({
    names: ["MOSAIC_MODEL_WAIT_SECONDS"],
    schema: integer(1, 600),
    default: "120",
    group: "Model",
    description:
      "How long one request may wait: for its turn, for a pause that the API asked for (429, 529), for budget that is held.",
  }),
  modelIdleSeconds: variable({
    names: ["MOSAIC_MODEL_IDLE_SECONDS"],
    schema: integer(1, 900),
    default: "120",
    group: "Model",
    description: "Time without a byte after which an answer of the model's API counts as broken off.",
  }),
} as const;
