import { statSync } from "node:fs";
import type { EngineInfo } from "./engine-answers.ts";
import { EngineError } from "./engine-error.ts";
import { connectEngine } from "./engine.ts";
import { connectPodman } from "../podman/engine.ts";

/** An engine that takes longer than this to say what it is, in milliseconds, is none to start an agent with. */
const FIRST_ANSWER_MS = 5_000;

/** Why an engine cannot make sandboxes as they must be, as far as it says itself; null when nothing speaks against it. */
export async function whyNoEngine(name: "docker" | "podman", socketPath: string): Promise<string | null> {
  // Most hosts without an engine have no socket either, and need not load what speaks to one.
  try {
    if (statSync(socketPath, { throwIfNoEntry: false }) === undefined)
      return `no engine listens at ${socketPath}`;
  } catch (error) {
    return `${socketPath} cannot be looked at (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
  try {
    const connect = name === "podman" ? connectPodman : connectEngine;
    const engine = await connect(socketPath, FIRST_ANSWER_MS);
    return whyUnfit(name, await engine.info());
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

function whyUnfit(name: "docker" | "podman", info: EngineInfo): string | null {
  if (info.OSType !== "linux") return `its containers run ${info.OSType}, not Linux`;
  const options = info.SecurityOptions ?? [];
  if (!options.some((option) => option.startsWith("name=seccomp"))) return "its system call filter is off";
  if (name === "podman" && options.includes("name=rootless"))
    return "rootless Podman maps user ids, and may be unable to limit memory; run its service and Mosaic as root (systemctl enable --now podman.socket), or let bubblewrap serve an ordinary user";
  // Both give containers other user ids than the host's, so that no agent could write its tree.
  if (name === "docker" && options.includes("name=rootless"))
    return "rootless Docker maps user ids, and its containers could not write their trees; bubblewrap serves an ordinary user";
  if (name === "docker" && options.includes("name=userns"))
    return "userns-remap maps user ids, and its containers could not write their trees; switch it off";
  return null;
}
