import { ProblemError } from "@mosaic/contracts";
import { AttemptFailure, isModelHost, parseEgressTarget } from "@mosaic/domain";

/** What the owner lets agents reach, `host:port` each. */
export interface EgressPolicy {
  /** What any task may ask for. */
  readonly allow: readonly string[];
  /** What a base branch may open to tasks on it that ask. */
  readonly repositoryAllow: readonly string[];
  /** Host that this installation's models are at; no list may hold it. */
  readonly modelHost: string;
}

/**
 * Refuses a task that asks for what no base branch could open to it.
 * @throws ProblemError egress_not_allowed
 */
export function refuseEgress(asked: readonly string[], policy: EgressPolicy): void {
  for (const target of asked) {
    if (isModelHost(parseEgressTarget(target)?.host ?? "", policy.modelHost)) {
      const why = `options.egress: ${target} is where models are; agents reach them by the gateway only`;
      throw new ProblemError("egress_not_allowed", why);
    }
  }
  const possible = new Set([...policy.allow, ...policy.repositoryAllow]);
  const refused = asked.filter((target) => !possible.has(target));
  if (refused.length === 0) return;
  throw new ProblemError(
    "egress_not_allowed",
    `options.egress: ${refused.join(", ")} is not allowed here; the owner names what may be reached in MOSAIC_EGRESS_ALLOW`,
  );
}

/**
 * What a task gets of what it asked for: all of it, or nothing runs.
 * @param opened what the base branch's environment opens
 * @throws AttemptFailure `environment`
 */
export function grantEgress(
  asked: readonly string[],
  policy: EgressPolicy,
  opened: readonly string[],
): readonly string[] {
  const granted = new Set([
    ...policy.allow,
    ...policy.repositoryAllow.filter((target) => opened.includes(target)),
  ]);
  const targets = [...new Set(asked)];
  const refused = targets.filter((target) => !granted.has(target));
  if (refused.length === 0) return targets;
  throw new AttemptFailure(
    "environment",
    `the task asks for ${refused.join(", ")}, which neither the owner (MOSAIC_EGRESS_ALLOW) nor the base branch (.mosaic/environment.json, 'egress') opens`,
  );
}
