import type { InstanceBeat, InstanceRecord, Instances } from "../instances.ts";
import { CorruptRecordError } from "../store-error.ts";
import { KEYS } from "./keys.ts";
import { checks, type Layout } from "../record-layout.ts";
import { jsonText, readObject } from "./record-text.ts";
import type { Reply, RunFunction } from "./run-function.ts";

const BEAT: Layout<InstanceBeat> = {
  instanceId: checks.text,
  host: checks.text,
  pid: checks.whole,
  home: checks.text,
  url: checks.text,
  version: checks.text,
  capacity: checks.whole,
  running: checks.whole,
  startedAt: checks.text,
};

/** @param now milliseconds since the epoch, instead of the server's clock */
export function createInstances(run: RunFunction, now?: () => number): Instances {
  const time = (): number | "" => now?.() ?? "";
  return {
    async beat(beat, ttlMs) {
      await run("beat", time(), beat.instanceId, jsonText(beat), ttlMs);
    },
    async list() {
      const [at, ...found] = await run("list_instances", time());
      const records: InstanceRecord[] = [];
      for (let from = 0; from < found.length; from += 4) {
        records.push(recordOf(Number(at), found.slice(from, from + 4)));
      }
      return records.toSorted((one, other) => (one.instanceId < other.instanceId ? -1 : 1));
    },
    async remove(instanceId) {
      await run("remove_instance", time(), instanceId);
    },
  };
}

function recordOf(now: number, [instanceId, beat, at, ttlMs]: readonly Reply[]): InstanceRecord {
  const key = KEYS.instance + String(instanceId);
  if (typeof beat !== "string") throw new CorruptRecordError(key, "beat", "is missing");
  const heartbeatAt = requireNumber(key, "heartbeatAt", at);
  return {
    ...readObject(key, beat, BEAT),
    heartbeatAt: new Date(heartbeatAt).toISOString(),
    alive: now < heartbeatAt + requireNumber(key, "ttlMs", ttlMs),
  };
}

function requireNumber(key: string, field: string, value: Reply | undefined): number {
  const number = typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
  // The greatest time that a date can be.
  if (Math.abs(number) <= 8.64e15) return number;
  throw new CorruptRecordError(key, field, `holds '${String(value)}'`);
}
