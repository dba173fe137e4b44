import { randomUUID } from "node:crypto";
import { globSync } from "node:fs";
import { release } from "node:os";
import { createInterface } from "node:readline/promises";
import { afterEach, describe, expect, it } from "vitest";
import { collect, type Collected } from "../collect.ts";
import type { SandboxSpec } from "../port.ts";
import { createBubblewrapSandbox } from "./create.ts";
import { membersOf, passedMs, processorsOf, usedMs } from "./fixtures/members.ts";
import { ownProcessors } from "./processors.ts";

const MIB = 1024 * 1024;
const grouped = createBubblewrapSandbox();
const ungrouped = createBubblewrapSandbox({ cgroupRoot: null });
const held = await grouped.heldLimits();
const heldWithout = await ungrouped.heldLimits();
const { detail } = await grouped.probe();
const { detail: detailWithout } = await ungrouped.probe();
const hasGroups = ["memory", "process", "processor"].every((limit) =>
  detail.includes(`${limit} limit: cgroup v`),
);

const spec = (script: string, limits: Partial<SandboxSpec["limits"]> = {}): SandboxSpec => ({
  id: "limited",
  label: "limits",
  command: ["sh", "-c", script],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/tmp",
  mounts: [],
  scratch: [],
  limits: {
    memoryMb: 64,
    fileBytes: 200 * MIB,
    openFiles: 64,
    tmpBytes: 200 * MIB,
    processes: 20,
    cpus: 1,
    ...limits,
  },
});

const groups = () =>
  globSync("/sys/fs/cgroup/**/mosaic-*").filter((folder) => folder.includes(`-${String(process.pid)}-`));

/** Takes as many megabytes, and keeps them. */
const take = (megabytes: number) =>
  `perl -e '$x = "x" x ${String(megabytes * MIB)}; print "taken\\n"; sleep 1000'`;

/** Since Linux 6.14 each PID namespace has its own ids. */
function hasOwnIds(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

/** One that does not end when there is no more to be had. */
const bomb = (marker: string): string =>
  `: ${marker}; perl -e 'for (;;) { select undef, undef, undef, 0.01 unless defined fork }'`;

const WAYS = [
  { way: "by control groups", sandbox: grouped, runs: hasGroups, processes: held.processes, share: 0.5 },
  // Bound to processors, a part of one counts as one.
  { way: "without them", sandbox: ungrouped, runs: true, processes: heldWithout.processes, share: 1 },
];

describe.each(WAYS)("limits $way", ({ sandbox, runs, processes, share }) => {
  const run = async (script: string, limits: Partial<SandboxSpec["limits"]> = {}): Promise<Collected> =>
    await collect(await sandbox.start(spec(script, limits)), { maxBytes: 100_000, timeoutMs: 30_000 });
  afterEach(async () => {
    await Promise.all(sandbox.list().map((running) => running.kill()));
    const left = groups();
    if (left.length > 0) throw new Error(`groups were left: ${left.join(", ")}`);
  });

  describe.runIf(runs)("of memory", () => {
    it("end what takes too much, and say so", async () => {
      expect(await run(take(100))).toMatchObject({ outOfMemory: true });
    });

    it("count what many processes take together", async () => {
      const untilOneEnds = "while kill -0 $all 2> /dev/null; do sleep 0.02; done";
      const script = `for i in 1 2 3 4; do ${take(20)} & all="$all $!"; done; ${untilOneEnds}`;
      expect(await run(script)).toMatchObject({ outOfMemory: true });
    });

    it("count what is written to /tmp and /dev/shm", async () => {
      const write = (file: string) => `head -c 40000000 /dev/zero > ${file}`;
      expect(await run(`${write("/tmp/a")}; ${write("/dev/shm/b")}; sleep 5`)).toMatchObject({
        outOfMemory: true,
      });
    });

    it("count what processes share once, and leave alone what stays below", async () => {
      const program = `$x = "x" x ${String(20 * MIB)}; fork; fork; print length $x; select undef, undef, undef, 0.5`;
      const result = await run(`perl -e '${program}'`);
      expect(result).toMatchObject({ code: 0, outOfMemory: false });
    });
  });

  it.runIf(runs)("of processes stop a fork bomb", async () => {
    const marker = randomUUID();
    const running = await sandbox.start(spec(bomb(marker)));
    // The kernel lets it have as many as it may; a watcher ends it when it has more.
    let most = 0;
    for (let look = 0; processes === "kernel" && look < 50; look += 1) {
      await new Promise(setImmediate);
      most = Math.max(most, membersOf(marker).length);
    }
    if (processes === "watcher") await running.exited;
    expect(most).toBeLessThanOrEqual(20);
    expect((await running.kill()).survivors).toEqual([]);
    expect(await running.exited).toMatchObject({ code: null, signal: "SIGKILL", outOfMemory: false });
    expect(membersOf(marker)).toEqual([]);
  });

  it.runIf(runs && (hasGroups || processes === "watcher"))(
    "of processes end what does nothing but try to have more",
    async () => {
      const marker = randomUUID();
      const running = await sandbox.start(spec(bomb(marker)));
      expect(await running.exited).toMatchObject({ signal: "SIGKILL", outOfProcesses: true });
      expect(membersOf(marker)).toEqual([]);
    },
  );

  it.runIf(runs)("of processors keep busy loops to their share", async () => {
    const marker = randomUUID();
    const loops = `: ${marker}; for i in 1 2 3 4; do (while :; do :; done) & done; wait`;
    await sandbox.start(spec(loops, { cpus: 0.5 }));
    while (membersOf(marker).length < 5) await new Promise(setImmediate);
    const [began, before] = [passedMs(), usedMs(membersOf(marker))];
    let used = 0;
    while (used < 500) {
      await new Promise(setImmediate);
      used = usedMs(membersOf(marker)) - before;
    }
    expect(used).toBeLessThan((passedMs() - began) * share * 1.3 + 50);
  });
});

describe("without control groups", () => {
  it("the kernel or a watcher keeps every limit, and the probe says so", () => {
    expect(heldWithout.memory).toBe("watcher");
    expect(heldWithout.processes).toBe(process.getuid?.() === 0 ? "watcher" : "kernel");
    expect(heldWithout.cpus).toBe("kernel");
    expect(detailWithout).toContain("memory limit: watched");
    expect(detailWithout).toContain("processor limit: bound to whole processors");
  });

  it.runIf(ownProcessors().length > 1)("nothing leaves the processors it is bound to", async () => {
    const marker = randomUUID();
    const running = await ungrouped.start(spec(`taskset -cp 0-1 $$ 2>&1; echo ${marker}; sleep 1000`));
    let said = "";
    for await (const line of createInterface({ input: running.stdout })) {
      if (line === marker) break;
      said += line;
    }
    const bound = membersOf(marker).map(processorsOf);
    await running.kill();
    expect(said).toMatch(/Operation not permitted/);
    expect(new Set(bound).size).toBe(1);
    expect(bound[0]).toMatch(/^\d+$/);
  });

  it.runIf(heldWithout.processes === "watcher" && hasOwnIds())(
    "a fork bomb is out of process ids before a watcher comes to look",
    async () => {
      const running = await ungrouped.start(spec("cat /proc/sys/kernel/pid_max"));
      const { stdout } = await collect(running, { maxBytes: 1000, timeoutMs: 30_000 });
      expect(stdout.toString()).toBe("320\n");
    },
  );

  // The numbers of the calls are those of this architecture.
  it.runIf(process.arch === "x64")(
    "no memory can be had that a look from outside does not find",
    async () => {
      const call = `perl -e 'for my $n (319, 447) { print syscall($n, my $name = "x", 0) < 0 ? "no " : "yes " }
      print syscall(29, 0, 1 << 20, 0600) < 0 ? "no " : "yes "; print syscall(29, 0, 4096, 0600) < 0 ? "no" : "yes"'`;
      const running = await ungrouped.start(spec(call));
      const { stdout } = await collect(running, { maxBytes: 1000, timeoutMs: 30_000 });
      expect(stdout.toString()).toBe("no no no yes");
    },
  );
});

it("is probed as it is", async () => {
  expect(await grouped.probe()).toMatchObject({ ok: true });
  expect(detail.includes("memory limit: cgroup v")).toBe(held.memory === "kernel");
});
