// Processes that do what they can to outlive whoever started them.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { access } from "node:fs/promises";
import { createConnection, createServer } from "node:net";

const STUBBORN = "trap '' TERM INT HUP QUIT USR1; ";
const SLEEP = "while :; do sleep 1000; done";

function start(command, options = {}) {
  const child = spawn(command[0], command.slice(1), { stdio: "ignore", ...options });
  child.on("error", () => undefined);
  child.unref();
  return child;
}

/** Starts a shell that says that it runs by a file, and waits for it. */
async function started(command, options) {
  const mark = `/tmp/started-${Math.random().toString(36).slice(2)}`;
  const script = `${STUBBORN}: > ${mark}; ${SLEEP}`;
  start([...command, "sh", "-c", script], options);
  await exists(mark);
}

async function exists(file) {
  for (;;) {
    const found = await access(file).then(
      () => true,
      () => false,
    );
    if (found) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const staying = (command, options) => async (_facts, report) => {
  await started(command, options);
  report.up();
  return true;
};

/** A vfork whose child never gets on leaves its parent in uninterruptible sleep. Numbers of `clone`; flags VM, VFORK, SIGCHLD. */
const CLONE = { x64: 56, arm64: 220 };
const VFORK = `syscall(${CLONE[process.arch] ?? 0}, 0x4111, 0, 0, 0, 0); sleep 1000 while 1`;

export const STAYING_ATTACKS = {
  setsid: staying(["setsid"]),
  "double fork": async (_facts, report) => {
    const mark = "/tmp/forked-twice";
    start(["sh", "-c", `( ( ${STUBBORN} : > ${mark}; ${SLEEP} ) & ) &`]);
    await exists(mark);
    report.up();
    return true;
  },
  nohup: staying(["nohup"]),
  daemon: async (_facts, report) => {
    // Session of its own, no descriptor left open, in the root folder, its parent gone.
    const mark = "/tmp/daemon";
    const inner = `cd /; exec < /dev/null > /dev/null 2>&1; ${STUBBORN} : > ${mark}; ${SLEEP}`;
    start(["setsid", "--fork", "sh", "-c", inner], { detached: true });
    await exists(mark);
    report.up();
    return true;
  },
  respawner: async (_facts, report) => {
    const mark = "/tmp/respawner";
    start(["sh", "-c", `${STUBBORN} : > ${mark}; while :; do setsid -w sh -c 'sleep 1000'; done`], {
      detached: true,
    });
    await exists(mark);
    report.up();
    return true;
  },
  "ignores signals": async (_facts, report) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2"])
      process.on(signal, () => undefined);
    await started([]);
    report.up();
    return true;
  },
  "blocked reads": async (facts, report) => {
    spawnSync("mkfifo", ["/tmp/fifo"]);
    start(["sh", "-c", "cat /tmp/fifo"]);
    start(["sh", "-c", "sleep 1000 > /tmp/fifo"]);
    const server = createServer(() => undefined).listen(0, "127.0.0.1", () => {
      createConnection(server.address().port, "127.0.0.1").on("error", () => undefined);
    });
    if (CLONE[process.arch] !== undefined) start(["perl", "-e", VFORK]);
    await started([]);
    report.up();
    return true;
  },
  "holds the workspace": async ({ tree }, report) => {
    const folder = `${tree}/held`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/open`, "x".repeat(4096));
    for (let index = 0; index < 20; index += 1) openSync(`${folder}/open`, "r+");
    // A program that runs is mapped from its file.
    copyFileSync("/bin/sleep", `${folder}/program`);
    start([`${folder}/program`, "1000"], { cwd: folder, detached: true });
    process.chdir(folder);
    await started(["setsid"], { cwd: folder });
    report.up();
    return true;
  },
  "kills others": async ({ pids = [] }, report) => {
    const targets = [...pids, process.ppid, 1, -1];
    for (const pid of targets) {
      for (const signal of ["SIGTERM", "SIGKILL", "SIGSTOP"]) {
        try {
          // -1 is everybody but ourselves.
          if (pid !== process.pid) process.kill(pid, signal);
          if (pids.includes(pid)) report.reached(`${signal} to process ${pid}`);
        } catch {
          // refused, or not there
        }
      }
    }
  },
};
