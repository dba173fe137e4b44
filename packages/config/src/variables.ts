import { BUDGET_VARIABLES } from "./variables-budget.ts";
import { ENVIRONMENT_VARIABLES } from "./variables-environment.ts";
import { ISOLATION_VARIABLES } from "./variables-isolation.ts";
import { SALVAGE_VARIABLES } from "./variables-salvage.ts";
import { SERVER_VARIABLES } from "./variables-server.ts";
import { WORK_VARIABLES } from "./variables-work.ts";

/** Every variable Mosaic reads. The reference page is generated from this table. */
export const VARIABLES = {
  ...SERVER_VARIABLES,
  ...WORK_VARIABLES,
  ...BUDGET_VARIABLES,
  ...SALVAGE_VARIABLES,
  ...ISOLATION_VARIABLES,
  ...ENVIRONMENT_VARIABLES,
} as const;
