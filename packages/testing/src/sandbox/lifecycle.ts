import type { Sandbox, SandboxExit, SandboxProcess } from "@mosaic/sandbox";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { processesMentioning } from "../processes.ts";
import { ESCAPEE_COUNT, ESCAPEES } from "./escapees.ts";
import { useTrial } from "./trial.ts";

const SLEEP = ["sleep", "1000"] as const;

/** Starting, ending and above all killing. */
export function lifecycleConformance(open: () => Sandbox): void {
  const trial = useTrial(open);

  const escaped = async (): Promise<SandboxProcess> => {
    const program = path.join(trial.folder, "escapees.mjs");
    await writeFile(program, ESCAPEES);
    const mounts = [{ source: program, target: "/escapees.mjs", writable: false }];
    const running = await trial.sandbox.start(trial.spec({ command: ["node", "/escapees.mjs"], mounts }));
    let up = 0;
    for await (const line of createInterface({ input: running.stdout })) {
      if (line === "up") up += 1;
      if (up === ESCAPEE_COUNT) break;
    }
    expect(await processesMentioning(trial.marker)).not.toHaveLength(0);
    return running;
  };

  describe("killing", () => {
    it("leaves nothing of processes that fork, change session, detach, respawn and ignore signals", async () => {
      const running = await escaped();
      const { survivors } = await running.kill();
      expect(survivors).toEqual([]);
      expect(await processesMentioning(trial.marker)).toEqual([]);
      expect(await running.exited).toMatchObject({ code: null, signal: "SIGKILL" });
    });

    it("may be asked for twice at once, and again after the end", async () => {
      const running = await trial.sandbox.start(trial.spec({ command: SLEEP }));
      const outcomes = await Promise.all([running.kill(), running.kill()]);
      expect([...outcomes, await running.kill()].map((outcome) => outcome.survivors)).toEqual([[], [], []]);
    });

    it("changes nothing about a command that has ended by itself", async () => {
      const running = await trial.sandbox.start(trial.spec({ command: ["sh", "-c", "exit 3"] }));
      await running.exited;
      expect((await running.kill()).survivors).toEqual([]);
      expect(await running.exited).toMatchObject({ code: 3, signal: null });
    });

    it("ends one sandbox and not the other", async () => {
      const [one, other] = await Promise.all([
        trial.sandbox.start(trial.spec({ command: ["cat"] })),
        trial.sandbox.start(trial.spec({ command: ["cat"] })),
      ]);
      await one.kill();
      other.stdin.end("still here");
      expect((await buffer(other.stdout)).toString()).toBe("still here");
      expect(await other.exited).toMatchObject({ code: 0 });
    });

    it("reaches a sandbox that is still starting", async () => {
      const starting = trial.sandbox.start(trial.spec({ command: SLEEP }));
      const outcome = starting.then(
        (running) => running.exited,
        (error: unknown) => error,
      );
      while (trial.sandbox.list().length === 0) await new Promise(setImmediate);
      await Promise.all(trial.sandbox.list().map((running) => running.kill()));
      const ended = await outcome;
      // Where it was caught decides whether the start fails or the command is killed.
      expect(ended instanceof Error ? ended.name : ended).toSatisfy(
        (found) => found === "SandboxError" || (found as SandboxExit).signal === "SIGKILL",
      );
      expect(await processesMentioning(trial.marker)).toEqual([]);
    });
  });

  describe("ending", () => {
    it("takes along what the command left running", async () => {
      const running = await trial.sandbox.start(
        trial.spec({ command: ["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & exit 4"] }),
      );
      expect(await running.exited).toMatchObject({ code: 4, signal: null });
      expect(await processesMentioning(trial.marker)).toEqual([]);
    });

    it("gives the output to a reader who comes late", async () => {
      const running = await trial.sandbox.start(
        trial.spec({ command: ["sh", "-c", "echo out; echo err >&2"] }),
      );
      await running.exited;
      expect((await buffer(running.stdout)).toString()).toBe("out\n");
      expect((await buffer(running.stderr)).toString()).toBe("err\n");
    });

    it("survives writing to a command that has ended", async () => {
      const running = await trial.sandbox.start(trial.spec({ command: ["true"] }));
      await running.exited;
      running.stdin.write("too late");
      expect(running.stdin.writableEnded).toBe(false);
    });
  });

  it("lists what has not ended, and only that", async () => {
    expect(trial.sandbox.list()).toEqual([]);
    const running = await trial.sandbox.start(trial.spec({ id: "listed", label: "agent:7", command: SLEEP }));
    expect(trial.sandbox.list().map(({ id, label }) => ({ id, label }))).toEqual([
      { id: "listed", label: "agent:7" },
    ]);
    await running.kill();
    expect(trial.sandbox.list()).toEqual([]);
  });
}
