import { useTrial, withEngines } from "@mosaic/testing";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createDockerSandbox } from "./create.ts";

await withEngines(({ name, socketPath }) => {
  const trial = useTrial(() => createDockerSandbox({ name, socketPath }));
  const limits = {
    memoryMb: 64,
    fileBytes: 1_000_000,
    openFiles: 64,
    tmpBytes: 200 * 1024 * 1024,
    processes: 20,
    cpus: 1,
  };

  describe("limits", () => {
    it("kill what takes too much memory, and say so", async () => {
      const command = ["sh", "-c", "cat /dev/zero | tail -c 100000000 > /dev/null"] as const;
      expect(await trial.run({ command, limits })).toMatchObject({ code: 137, outOfMemory: true });
    });

    it("count what is written to /tmp", async () => {
      const script = "for i in $(seq 90); do head -c 999000 /dev/zero > /tmp/$i; done; echo done";
      expect(await trial.run({ command: ["sh", "-c", script], limits })).toMatchObject({ outOfMemory: true });
    });

    it("stop a fork bomb", async () => {
      const script = "for i in $(seq 100); do sleep 1000 & done; echo all";
      const result = await trial.run({ command: ["sh", "-c", script], limits });
      expect(result.code).not.toBe(0);
      expect(result.stderr.toString()).toMatch(/fork/i);
      expect(result.outOfProcesses).toBe(false);
    });

    it("end what does nothing but try to have more processes", async () => {
      const bomb = "while (1) { my $pid = fork; select undef, undef, undef, 0.001 unless defined $pid }";
      expect(await trial.run({ command: ["perl", "-e", bomb], limits })).toMatchObject({
        signal: "SIGKILL",
        outOfProcesses: true,
      });
    });

    it("hold processors to a part of one", async () => {
      const script =
        "const t = process.cpuUsage(); const end = Date.now() + 1000; while (Date.now() < end); console.log(process.cpuUsage(t).user)";
      const { stdout } = await trial.run({
        command: ["node", "-e", script],
        limits: { ...limits, memoryMb: 256, processes: 100, cpus: 0.2 },
      });
      expect(Number(stdout.toString())).toBeLessThan(600_000);
    });

    it("are kept by the kernel", async () => {
      expect(await trial.sandbox.heldLimits()).toEqual({
        memory: "kernel",
        processes: "kernel",
        cpus: "kernel",
      });
    });
  });

  describe("output", () => {
    it("arrives whole, however much and in whatever pieces", async () => {
      const script =
        "for (let i = 0; i < 400; i++) { process.stdout.write('o'.repeat(20011)); process.stderr.write('e'.repeat(997)); }";
      const running = await trial.sandbox.start(trial.spec({ command: ["node", "-e", script] }));
      const [stdout, stderr, exit] = await Promise.all([
        buffer(running.stdout),
        buffer(running.stderr),
        running.exited,
      ]);
      expect([stdout.length, stderr.length, exit.code]).toEqual([400 * 20_011, 400 * 997, 0]);
      expect(stdout.includes("e")).toBe(false);
    });

    it("that nobody reads makes the command wait, and not this process grow", async () => {
      const running = await trial.sandbox.start(trial.spec({ command: ["yes"] }));
      const before = process.memoryUsage().arrayBuffers;
      await trial.shell("for i in 1 2 3 4 5 6 7 8 9; do head -c 1000000 /dev/urandom | sha256sum; done");
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
      expect((await running.kill()).survivors).toEqual([]);
    });
  });

  it("the filter refuses what has led out of containers", async () => {
    // unshare, mount, ptrace, process_vm_readv, keyctl, add_key, bpf, perf_event_open, userfaultfd, setns, io_uring_setup,
    // open_by_handle_at, kexec_load, init_module, clone with a user namespace, socket of AF_VSOCK
    const calls =
      process.arch === "x64"
        ? "272 165 101 310 250 248 321 298 323 308 425 304 246 175 56,268435456 41,40,1"
        : "97 40 117 270 219 217 280 241 282 268 425 265 104 105 220,268435456 198,40,1";
    const script = `for (map { [split ","] } qw(${calls})) { my ($n, @a) = @$_; $! = 0; my $r = syscall($n, map { $_ + 0 } (@a, 0, 0, 0, 0)[0..3]); print "$n ", $r == -1 ? ($!{EPERM} || $!{ENOSYS} ? "refused" : $!) : "done", "\\n" }`;
    const { stdout, stderr } = await trial.run({ command: ["perl", "-MErrno", "-e", script] });
    expect(stderr.toString()).toBe("");
    const lines = stdout.toString().trim().split("\n");
    expect(lines).toHaveLength(16);
    expect(lines.filter((line) => !line.endsWith(" refused"))).toEqual([]);
  });
});
