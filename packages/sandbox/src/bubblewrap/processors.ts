import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Numbers of processors that a sandbox is bound to, until it gives them back. */
export interface ProcessorShare {
  readonly processors: readonly number[];
  release(): void;
}

/** Hands out processors so that all are used alike. */
export interface Processors {
  /** As many as hold `cpus` processors' worth of time, the least used first; null when that is all there are. */
  take(cpus: number): ProcessorShare | null;
}

/** @param allowed numbers of the processors that may be handed out */
export function createProcessors(allowed: readonly number[]): Processors {
  const users = new Map(allowed.map((processor) => [processor, 0]));
  const change = (processors: readonly number[], by: number) => {
    for (const processor of processors) users.set(processor, (users.get(processor) ?? 0) + by);
  };
  return {
    take(cpus) {
      const wanted = Math.ceil(cpus);
      if (wanted >= users.size) return null;
      const processors = [...users]
        .sort(([, one], [, other]) => one - other)
        .slice(0, wanted)
        .map(([processor]) => processor);
      change(processors, 1);
      return {
        processors,
        release: () => {
          change(processors, -1);
        },
      };
    },
  };
}

/** The processors that this process may use. */
export function ownProcessors(): readonly number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  if (list === undefined) return Array.from({ length: availableParallelism() }, (_, index) => index);
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
