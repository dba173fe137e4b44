import { ISOLATION_VARIABLES } from "./variables-isolation.ts";
import { SERVER_VARIABLES } from "./variables-server.ts";
import { WORK_VARIABLES } from "./variables-work.ts";

/** Every variable Mosaic reads. The reference page is generated from this table. */
export const VARIABLES = { ...SERVER_VARIABLES, ...WORK_VARIABLES, ...ISOLATION_VARIABLES } as const;
