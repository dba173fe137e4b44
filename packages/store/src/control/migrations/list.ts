import type { Dialect } from "../dialect.ts";
import { releasedTables } from "./released.ts";
import { sharedControl } from "./shared.ts";
import type { Step } from "./step.ts";

/**
 * The migrations of the control plane, for every engine. The version of a schema is its place in this list, from 1;
 * what was released is never edited.
 */
export const MIGRATIONS: readonly ((dialect: Dialect) => readonly Step[])[] = [releasedTables, sharedControl];
