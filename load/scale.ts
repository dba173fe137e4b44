/** One row of the load test. */
export interface Scale {
  readonly mode: "embedded" | "distributed";
  readonly orchestrators: number;
  /** Tasks, all asked for at once, and all worked on at once. */
  readonly agents: number;
  /** How long the model thinks before each answer, in milliseconds: long enough for all agents to be there together. */
  readonly thinkMs: number;
}

export const SCALES: readonly Scale[] = [
  { mode: "embedded", orchestrators: 1, agents: 10, thinkMs: 2500 },
  { mode: "distributed", orchestrators: 1, agents: 10, thinkMs: 2500 },
  { mode: "distributed", orchestrators: 3, agents: 10, thinkMs: 2500 },
  { mode: "distributed", orchestrators: 1, agents: 50, thinkMs: 5000 },
  { mode: "distributed", orchestrators: 3, agents: 50, thinkMs: 5000 },
];

/** `embedded-1x10`: mode, orchestrators, agents. */
export const nameOf = ({ mode, orchestrators, agents }: Scale): string =>
  `${mode}-${orchestrators}x${agents}`;
