import { errorOf, processesMentioning, useTrial, withEngines } from "@mosaic/testing";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { createDockerSandbox } from "./create.ts";
import { connectEngine } from "./engine.ts";
import { LABELS } from "./owner.ts";

const HOLD = fileURLToPath(new URL("./fixtures/hold.ts", import.meta.url));
const SLEEP = ["sleep", "1000"] as const;

/** Longer than an engine under load needs; only a failure takes it. */
const WAIT = { timeout: 20_000 };

await withEngines((engine) => {
  const { name, socketPath } = engine;
  const trial = useTrial(() => createDockerSandbox({ name, socketPath, answerMs: 1_500 }));
  const containers = async () => await (await connectEngine(socketPath)).list([LABELS.instance]);

  describe("an engine that is killed", () => {
    it("ends what runs: nothing of it is left, and it never counts as a success", async () => {
      const running = await trial.sandbox.start(
        trial.spec({ command: ["sh", "-c", "echo up; exec sleep 1000"] }),
      );
      await once(running.stdout, "data");
      await engine.process.kill();
      expect(await running.exited).toMatchObject({ code: null, signal: "SIGKILL" });
      expect(await processesMentioning(trial.marker)).toEqual([]);
      expect(trial.sandbox.list()).toEqual([]);
      await engine.restart();
      await trial.sandbox.removeOrphans();
      expect(await containers()).toEqual([]);
    });

    it("can be killed after: the kill needs no engine", async () => {
      const running = await trial.sandbox.start(trial.spec({ command: SLEEP }));
      engine.process.freeze();
      const { survivors } = await running.kill();
      engine.process.thaw();
      expect(survivors).toEqual([]);
      expect(await processesMentioning(trial.marker)).toEqual([]);
      await running.exited;
      await vi.waitUntil(async () => (await containers()).length === 0, WAIT);
    });

    it("is said when the next is to start, with what to do", async () => {
      await engine.process.kill();
      const error = await errorOf(trial.sandbox.start(trial.spec({})));
      await engine.restart();
      expect(error).toMatchObject({ name: "SandboxError", message: expect.stringContaining("start it") });
      expect(await trial.shell("echo again")).toBe("again");
    });
  });

  describe("an engine that hangs", () => {
    it("is given up, and what it makes later is removed and never runs", async () => {
      await trial.shell("true");
      engine.process.freeze();
      const error = await errorOf(trial.sandbox.start(trial.spec({ command: SLEEP })));
      engine.process.thaw();
      expect(error).toMatchObject({
        name: "SandboxError",
        message: expect.stringContaining("did not answer"),
      });
      expect(await processesMentioning(trial.marker)).toEqual([]);
      await Promise.all(trial.sandbox.list().map((running) => running.exited));
      // It is made after all once the engine is awake, some time.
      await vi.waitUntil(async () => {
        await trial.sandbox.removeOrphans();
        return (await containers()).length === 0;
      }, WAIT);
      expect(await processesMentioning(trial.marker)).toEqual([]);
    });

    it("does not hold up a kill of what is still being made", async () => {
      await trial.shell("true");
      engine.process.freeze();
      const starting = errorOf(trial.sandbox.start(trial.spec({ command: SLEEP })));
      const [first] = trial.sandbox.list();
      const outcome = await first?.kill();
      engine.process.thaw();
      expect(outcome).toMatchObject({ survivors: [] });
      expect(await starting).toMatchObject({ name: "SandboxError" });
      await first?.exited;
      await vi.waitUntil(async () => (await containers()).length === 0, WAIT);
      expect(await processesMentioning(trial.marker)).toEqual([]);
    });
  });

  describe("what a killed process left", () => {
    const hold = async (marker: string) => {
      const child = spawn(process.execPath, [HOLD, name, socketPath, marker], {
        stdio: ["ignore", "pipe", "inherit"],
        env: {},
      });
      for await (const line of createInterface({ input: child.stdout })) if (line === "up") return child;
      throw new Error("it ended before its sandbox ran");
    };

    it("is found and removed, running or never started; a living sibling's is not", async () => {
      const [dead, alive] = await Promise.all([hold(`${trial.marker}-dead`), hold(`${trial.marker}-alive`)]);
      dead.kill("SIGKILL");
      await once(dead, "exit");
      expect(await processesMentioning(`${trial.marker}-dead`)).not.toEqual([]);
      // Two each: one that runs, one that was only made.
      expect((await trial.sandbox.removeOrphans()).toSorted()).toEqual(
        ["held", "made"].map((label) => `${label}:${trial.marker}-dead`),
      );
      expect(await processesMentioning(`${trial.marker}-dead`)).toEqual([]);
      expect(await containers()).toHaveLength(2);
      alive.kill("SIGKILL");
      await once(alive, "exit");
      await trial.sandbox.removeOrphans();
      expect(await containers()).toEqual([]);
    });

    it("is not what this process runs itself", async () => {
      const running = await trial.sandbox.start(trial.spec({ command: ["cat"] }));
      expect(await trial.sandbox.removeOrphans()).toEqual([]);
      expect(trial.sandbox.list()).toEqual([running]);
    });
  });
});
