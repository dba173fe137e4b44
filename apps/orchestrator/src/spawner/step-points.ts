/**
 * Every step boundary on the way of a task, in order: the moments between which nothing is half done. The crash drill
 * kills the process at each of them and looks at what the next process makes of it, so that a step which is added here
 * joins the drill. Passed by a task whose work is rejected once and then pushed.
 */
export const RUN_POINTS = [
  "admit.recorded",
  "admit.queued",
  "queue.claimed",
  "task.owned",
  "task.assigned",
  "workspace.entered",
  "mirror.fetched",
  "workspace.planned",
  "worktree.added",
  "worktree.filled",
  "workspace.made",
  "workspace.recorded",
  "environment.given",
  "dependencies.recorded",
  "egress.open",
  "socket.open",
  "sandbox.started",
  "agent.running",
  "turn.prompted",
  "turn.ended",
  "snapshot.made",
  "snapshot.recorded",
  "overlaps.reported",
  "markers.checked",
  "secrets.scanned",
  "secrets.recorded",
  "gates.pre-commit.started",
  "gates.pre-commit.answered",
  "gates.pre-commit.recorded",
  "commit.made",
  "commit.recorded",
  "gates.post-commit.started",
  "gates.post-commit.answered",
  "gates.post-commit.recorded",
  "commit.approved",
  "push.scanned",
  "push.checked",
  "push.intended",
  "push.ready",
  "push.sent",
  "push.done",
  "push.recorded",
  "session.ended",
  "end.recorded",
  "queue.completed",
  "cleanup.forgotten",
  "cleanup.moved",
  "cleanup.salvaged",
  "cleanup.done",
  "cleanup.recorded",
] as const;

/**
 * Passed only when the base branch moved while an agent worked: with a merge that is clean (`merge.recorded`), or with
 * one that goes back to the agent. The conflicts drill kills the process at each.
 */
export const MOVED_POINTS = [
  "head.moved",
  "merge.made",
  "merge.recorded",
  "conflict.recorded",
  "workspace.saved",
  "workspace.replaced",
  "workspace.noted",
  "workspace.moved",
] as const;

/** The same for a start after a crash: each with the point the process before it died at. */
export const RESTART_POINTS = {
  "recover.swept": "turn.ended",
  "recover.released": "turn.ended",
  "recover.queued": "admit.recorded",
  "recover.cleaned": "turn.ended",
  "retry.decided": "turn.ended",
  "retry.recorded": "turn.ended",
  "retry.queued": "turn.ended",
  "push.recognised": "push.sent",
} as const satisfies Record<string, RunPoint>;

export type RunPoint = (typeof RUN_POINTS)[number];
export type RestartPoint = keyof typeof RESTART_POINTS;
export type MovedPoint = (typeof MOVED_POINTS)[number];
export type StepPoint = RunPoint | MovedPoint | RestartPoint;

/** Says that a step boundary was passed. */
export type Reach = (point: StepPoint) => void;

export interface ReachOptions {
  /**
   * `<point>[:n[:stop]]`: the process kills itself when it passes the point for the nth time (from 1), or stops there until
   * somebody lets it go on (SIGCONT). Drills only.
   */
  readonly crashAt: string | undefined;
  readonly trace: (point: StepPoint) => void;
}

/** @throws Error for a point that does not exist */
export function createReach({ crashAt, trace }: ReachOptions): Reach {
  if (crashAt === undefined) return trace;
  const [name, count = "1", how] = crashAt.split(":");
  const signal = how === "stop" ? "SIGSTOP" : "SIGKILL";
  const points: readonly string[] = [...RUN_POINTS, ...MOVED_POINTS, ...Object.keys(RESTART_POINTS)];
  if (name === undefined || !points.includes(name)) {
    throw new Error(`MOSAIC_CRASH_AT: there is no point '${name}'; one of ${points.join(", ")}`);
  }
  let left = Number(count);
  return (point) => {
    trace(point);
    if (point !== name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, signal);
  };
}
