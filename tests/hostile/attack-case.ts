import type { Attack, Played } from "./range.ts";

/** An attack, and how the system has to come out of it. */
export interface AttackCase extends Attack {
  readonly name: string;
  readonly ends: "completed" | { readonly reason: RegExp; readonly error: RegExp };
  /** What the verdict of a gate has to say, from its outcome on. */
  readonly says?: { readonly gate: string; readonly text: RegExp };
  /** What else is wrong, one sentence each. */
  readonly wrong?: (played: Played) => readonly string[];
}

/** The tree is refused, with an error that says what of it. */
export function refused(error: RegExp): AttackCase["ends"] {
  return { reason: /^unsafe_tree$/, error };
}

/** The gates reject the work, with a verdict that says why. */
export function rejected(gate: string, text: RegExp): Pick<AttackCase, "ends" | "says"> {
  return { ends: { reason: /^rejected$/, error: /rejected/ }, says: { gate, text } };
}

/** The work is let through, with a sentence in the verdict for whoever decides on the branch. */
export function reported(gate: string, text: RegExp): Pick<AttackCase, "ends" | "says"> {
  return { ends: "completed", says: { gate, text } };
}

/** Paths of what was pushed. */
export function pathsOf({ pushed }: Played): readonly string[] {
  return pushed.map((entry) => entry.slice(entry.indexOf("\t") + 1));
}

/** Where the outcome is not the one that is wanted; empty is what a test wants. */
export function violationsOf({ ends, says, wrong }: AttackCase, played: Played): readonly string[] {
  const { agent, pushed, verdicts } = played;
  const found: string[] = [];
  const is = `${agent.status} ${agent.reason ?? ""} ${agent.error ?? ""}`;
  if (ends === "completed") {
    if (agent.status !== "completed") found.push(`the agent is ${is}`);
  } else {
    const asWanted = ends.reason.test(agent.reason ?? "") && ends.error.test(agent.error ?? "");
    if (agent.status !== "failed" || !asWanted) found.push(`the agent is ${is}`);
    if (pushed.length > 0) found.push("its work was pushed");
  }
  if (says !== undefined && !says.text.test(verdicts[says.gate] ?? "")) {
    found.push(`the verdict of ${says.gate} is: ${verdicts[says.gate] ?? "none"}`);
  }
  return [...found, ...(wrong?.(played) ?? [])];
}
