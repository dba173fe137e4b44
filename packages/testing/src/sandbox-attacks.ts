import { collect, type Sandbox, type SandboxProcess } from "@mosaic/sandbox";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesMentioning } from "./processes.ts";
import { createHostTarget, type HostTarget } from "./sandbox/attacks/host-target.ts";
import {
  ATTACK_PROGRAM_LIST,
  ATTACK_PROGRAMS,
  reachedIn,
  type AttackFacts,
  type AttackKind,
} from "./sandbox/attacks/programs.ts";
import { usersOf } from "./sandbox/attacks/users-of.ts";
import { useTrial } from "./sandbox/trial.ts";

const MIB = 1024 * 1024;
const LIMITS = {
  memoryMb: 192,
  fileBytes: 64 * MIB,
  openFiles: 256,
  tmpBytes: 16 * MIB,
  processes: 128,
  cpus: 1,
};
const TREE = "/tree";
const INSIDE = "/attacks";
/** Output is cut off here. */
const MAX_OUTPUT = MIB;
const PATIENCE_MS = 60_000;

const namesOf = (kind: AttackKind): readonly string[] =>
  ATTACK_PROGRAM_LIST.filter((program) => program.kind === kind).map(({ name }) => name);

/**
 * Hostile programs in a sandbox that isolates: none survives a kill, and none comes to anything of the host.
 *
 * @param open makes an adapter; called for each test
 */
export function sandboxAttacks(name: string, open: () => Sandbox): void {
  describe(`${name} under attack`, { timeout: PATIENCE_MS }, () => {
    const trial = useTrial(open);
    let target: HostTarget;
    beforeAll(async () => {
      target = await createHostTarget();
    });
    afterAll(async () => {
      await target.close();
    });

    const start = async (attack: string): Promise<SandboxProcess> => {
      const mirror = path.join(trial.folder, "mirror");
      const tree = path.join(trial.folder, "tree");
      await Promise.all([mkdir(mirror), mkdir(tree)]);
      await writeFile(path.join(mirror, "object"), "as it was");
      const facts: AttackFacts = {
        ...target.facts,
        inside: INSIDE,
        tree: TREE,
        readOnly: ["/mirror", INSIDE],
        tmpBytes: LIMITS.tmpBytes,
      };
      await writeFile(path.join(trial.folder, "facts.json"), JSON.stringify(facts));
      return await trial.sandbox.start(
        trial.spec({
          command: ["node", `${INSIDE}/main.mjs`, attack, "/facts.json"],
          env: { HOME: "/home/mosaic" },
          limits: LIMITS,
          mounts: [
            { source: ATTACK_PROGRAMS, target: INSIDE, writable: false },
            { source: path.join(trial.folder, "facts.json"), target: "/facts.json", writable: false },
            { source: mirror, target: "/mirror", writable: false },
            { source: tree, target: TREE, writable: true },
          ],
        }),
      );
    };
    /** Nothing is left of what ran: no process, nobody who sees the tree, and the tree can be removed. */
    const expectGone = async (): Promise<void> => {
      expect(await processesMentioning(trial.marker)).toEqual([]);
      expect(await usersOf(trial.folder)).toEqual([]);
      await rm(path.join(trial.folder, "tree"), { recursive: true });
      expect(await target.marks()).toEqual([]);
    };

    it.each(namesOf("stays"))("is rid of it by a kill: %s", async (attack) => {
      const running = await start(attack);
      const output = await outputUntil(running, "up");
      expect(reachedIn(output)).toEqual([]);
      expect(await usersOf(trial.folder)).not.toEqual([]);
      const { survivors } = await running.kill();
      expect(survivors).toEqual([]);
      await running.exited;
      await expectGone();
    });

    it.each(namesOf("processes"))("bounds it: %s", async (attack) => {
      const running = await start(attack);
      const { processes: keeper } = await trial.sandbox.heldLimits();
      // Where nobody but a watcher keeps the limit, it is ended when it has more; else for trying and trying.
      if (keeper === "watcher") await running.exited;
      else await says(running, "up");
      // One of the adapter's own may be outside of the limit.
      expect((await processesMentioning(trial.marker)).length).toBeLessThanOrEqual(LIMITS.processes + 1);
      expect((await running.kill()).survivors).toEqual([]);
      await expectGone();
    });

    it.each(namesOf("memory"))("ends what takes too much: %s", async (attack) => {
      const running = await start(attack);
      // The kernel ends one process after the other, and somebody has to end the rest; a watcher ends all.
      const isShort = await says(running, "short");
      const { survivors } = isShort ? await running.kill() : { survivors: [] };
      expect(survivors).toEqual([]);
      const { outOfMemory } = await running.exited;
      expect(outOfMemory || isShort).toBe(true);
      await expectGone();
    });

    it.each(namesOf("output"))("cuts off: %s", async (attack) => {
      const result = await collect(await start(attack), { maxBytes: MAX_OUTPUT, timeoutMs: PATIENCE_MS });
      expect(result).toMatchObject({ code: null, signal: "SIGKILL", truncated: true });
      expect(result.stdout).toHaveLength(MAX_OUTPUT);
      await expectGone();
    });

    it.each(namesOf("kills"))("keeps it from everybody else: %s", async (attack) => {
      const result = await collect(await start(attack), { maxBytes: MAX_OUTPUT, timeoutMs: PATIENCE_MS });
      expect(reachedIn(result.stdout.toString())).toEqual([]);
      await expectGone();
    });

    it.each(namesOf("reaches"))("lets it come to nothing: %s", async (attack) => {
      const result = await collect(await start(attack), { maxBytes: MAX_OUTPUT, timeoutMs: PATIENCE_MS });
      const output = result.stdout.toString();
      expect(reachedIn(output), result.stderr.toString()).toEqual([]);
      expect(output).not.toContain(target.secret);
      expect(output.endsWith("done\n"), `${output}${result.stderr.toString()}`).toBe(true);
      expect(await readdir(path.join(trial.folder, "mirror"))).toEqual(["object"]);
      await expectGone();
    });
  });
}

/** What it said up to a line. */
async function outputUntil(running: SandboxProcess, wanted: string): Promise<string> {
  const { output, found } = await read(running, wanted);
  if (!found) throw new Error(`it ended before it said '${wanted}', and said: ${output}`);
  return output;
}

/** Whether it says a line before it ends. */
async function says(running: SandboxProcess, wanted: string): Promise<boolean> {
  return (await read(running, wanted)).found;
}

async function read(running: SandboxProcess, wanted: string): Promise<{ output: string; found: boolean }> {
  let output = "";
  for await (const line of createInterface({ input: running.stdout })) {
    output += `${line}\n`;
    if (line === wanted) return { output, found: true };
  }
  return { output, found: false };
}
