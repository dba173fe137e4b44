import { AttemptFailure } from "@mosaic/domain";
import type { SandboxExit } from "@mosaic/sandbox";

/** Lines of V8, Node and the C library about memory that was not there. */
const OUT_OF_MEMORY = /heap out of memory|Cannot allocate memory|ENOMEM|std::bad_alloc/;
/** 128 + SIGKILL: how a shell or an init tells of a process that was killed. */
const KILLED = 137;
const SHOWN_CHARACTERS = 1_000;

/** What an attempt ends with whose agent's process ended: how, in words for people, and the end of what it wrote to stderr. */
export function exitFailure(exit: SandboxExit, stderr: string, memoryMb: number): AttemptFailure {
  const said = stderr.trim() === "" ? "" : `; it said: ${stderr.trim().slice(-SHOWN_CHARACTERS)}`;
  const reason = exit.outOfProcesses ? "process_limit" : "runtime";
  return new AttemptFailure(reason, `the agent's process ${wayOut(exit, stderr, memoryMb)}${said}`);
}

function wayOut(exit: SandboxExit, stderr: string, memoryMb: number): string {
  const how = exit.signal === null ? `ended with code ${String(exit.code)}` : `was ended by ${exit.signal}`;
  if (exit.outOfMemory || OUT_OF_MEMORY.test(stderr)) {
    return `ran out of memory (limit ${memoryMb} MB, SANDBOX_DEFAULT_MEMORY_MB) and ${how}`;
  }
  if (exit.outOfProcesses)
    return "was ended, for it tried again and again to start more processes than a sandbox may have";
  if (exit.signal === "SIGKILL" || exit.code === KILLED) {
    return `${how}, and not by us: most likely the machine ran out of memory`;
  }
  return how;
}
