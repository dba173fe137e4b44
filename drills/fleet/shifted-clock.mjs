// Loaded into an orchestrator before anything else (`--import`): its wall clock is DRILL_CLOCK_SHIFT_MS off, as on a host
// whose clock was never set. Timers and `performance.now()` go on as they are, which a wrong clock does not touch either.
// Only that process has it: sandboxes and git get an environment of their own.
const shift = Number(process.env.DRILL_CLOCK_SHIFT_MS);
if (!Number.isFinite(shift)) throw new Error("DRILL_CLOCK_SHIFT_MS must be a number of milliseconds");
const RealDate = Date;
const now = () => RealDate.now() + shift;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
});
