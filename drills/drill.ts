/** What one scenario of a drill found. Anything but zero in the three middle columns fails the drill. */
export type ScenarioResult = {
  /** How many times the scenario was played. */
  tries: number;
  /** Processes, sockets, worktrees, locks or agents still there that should be gone. */
  survivors: number;
  /** Tasks, bytes or records that were there before and are not any more. */
  losses: number;
  /** Promises broken any other way: pushed without gates, done twice, passed though it should be caught. */
  violations: number;
  /** The slowest of the tries, in milliseconds: of whatever the scenario times (its name says so). */
  slowestMs: number;
  /** One line for each survivor, loss or violation: what happened, in which try. Figures worth printing go here too. */
  details?: readonly string[];
};

/** What a drill reports to while it runs; one row of the table for each call. */
export type DrillReport = {
  scenario(name: string, result: ScenarioResult): void;
  /** Whether the scenario is to be played (`--only`); a drill that does not ask plays all. */
  wants(name: string): boolean;
};

/** What an installation keeps its state in: one file, or Valkey and PostgreSQL. */
export const MODES = ["embedded", "distributed"] as const;
export type Mode = (typeof MODES)[number];

/** A suite of failures played against real processes and files. It throws only when it could not be played at all. */
export type Drill = {
  name: string;
  /** Where it is played; embedded only, unless it says otherwise: most drills do not depend on the store. */
  modes?: readonly Mode[];
  run(report: DrillReport): Promise<void>;
};
