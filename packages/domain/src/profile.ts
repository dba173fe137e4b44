/** The checks of one snapshot. `integration` and `review` have no default command. */
export const GATES = ["typecheck", "lint", "tests", "coverage", "build", "integration", "review"] as const;
export type Gate = (typeof GATES)[number];

export const GATE_PROFILES = ["strict", "standard", "minimal", "custom"] as const;
export type GateProfile = (typeof GATE_PROFILES)[number];

export const AGENT_TYPES = ["worker", "reviewer", "tester"] as const;
export type AgentType = (typeof AGENT_TYPES)[number];

export const GATE_PHASES = ["pre-commit", "post-commit"] as const;
export type GatePhase = (typeof GATE_PHASES)[number];

/** Lines covered, as a share of lines that count. The owner's bar (ORCH-121). */
export const DEFAULT_COVERAGE = 0.85;

/** ORCH-124. */
const PROFILE_GATES: Readonly<Record<Exclude<GateProfile, "custom">, readonly Gate[]>> = {
  strict: ["typecheck", "lint", "tests", "coverage", "build", "integration", "review"],
  standard: ["typecheck", "lint", "tests", "coverage"],
  minimal: ["tests"],
};

/** ORCH-114: the quick checks before the commit, the whole of it before the push. */
const GATE_PHASE: Readonly<Record<Gate, GatePhase>> = {
  typecheck: "pre-commit",
  lint: "pre-commit",
  tests: "pre-commit",
  coverage: "post-commit",
  build: "post-commit",
  integration: "post-commit",
  review: "post-commit",
};

/** The profile an agent type gets when the request names none (ORCH-124). */
export function defaultProfile(type: AgentType): GateProfile {
  return type === "reviewer" ? "strict" : type === "tester" ? "minimal" : "standard";
}

/** The gates of a profile; `custom` is what the request lists. */
export function profileGates(profile: GateProfile, custom: readonly Gate[] = []): readonly Gate[] {
  return profile === "custom" ? GATES.filter((gate) => custom.includes(gate)) : PROFILE_GATES[profile];
}

/** The gates of a profile that run in `phase`. */
export function gatesInPhase(gates: readonly Gate[], phase: GatePhase): readonly Gate[] {
  return gates.filter((gate) => GATE_PHASE[gate] === phase);
}
