import type { InstanceBeat, Instances } from "../instances.ts";

/** The one instance of an embedded installation, which knows itself. `now` gives milliseconds since the epoch. */
export function createLocalInstances(now: () => number): Instances {
  const beats = new Map<
    string,
    { readonly beat: InstanceBeat; readonly at: number; readonly ttlMs: number }
  >();
  return {
    beat: async (beat, ttlMs) => void beats.set(beat.instanceId, { beat, at: now(), ttlMs }),
    list: async () =>
      [...beats.values()]
        .toSorted((one, other) => (one.beat.instanceId < other.beat.instanceId ? -1 : 1))
        .map(({ beat, at, ttlMs }) => ({
          ...beat,
          heartbeatAt: new Date(at).toISOString(),
          alive: now() < at + ttlMs,
        })),
    remove: async (instanceId) => void beats.delete(instanceId),
  };
}
