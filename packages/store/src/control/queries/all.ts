import type { Dialect } from "../dialect.ts";
import type { Query } from "../query.ts";
import { accessQueries } from "./access.ts";
import { auditQueries } from "./audit.ts";
import { installationQueries } from "./installation.ts";
import { reservationQueries } from "./reservations.ts";
import { usageQueries } from "./usage.ts";

/** Every query of the control plane, by its name. */
export function allQueries(dialect: Dialect) {
  return {
    ...usageQueries(dialect),
    ...reservationQueries(dialect),
    ...auditQueries(dialect),
    ...accessQueries(dialect),
    ...installationQueries(dialect),
  };
}

type Question<Q> =
  Q extends Query<infer P, infer R> ? (unknown extends P ? () => R : (parameters: P) => R) : never;

/** What can be asked: parameters and rows by name. For types only, since Kysely is not there at run time. */
export type Questions = {
  readonly [Name in keyof ReturnType<typeof allQueries>]: Question<ReturnType<typeof allQueries>[Name]>;
};
