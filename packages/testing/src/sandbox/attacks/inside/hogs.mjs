// Programs that take all that there is of something.
import { spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { createConnection, createServer } from "node:net";

const MIB = 1024 * 1024;

/** Writes files until nothing more goes in, and says how many bytes went. */
function fill(folder, most) {
  const block = Buffer.alloc(MIB, 1);
  let bytes = 0;
  for (let file = 0; bytes < most; file += 1) {
    const before = bytes;
    let descriptor;
    try {
      descriptor = openSync(`${folder}/fill-${file}`, "w");
      for (let part = 0; part < 32 && bytes < most; part += 1) bytes += writeSync(descriptor, block);
    } catch {
      // full, or as large as one file may be
    }
    if (descriptor !== undefined) closeSync(descriptor);
    if (bytes === before) break;
  }
  return bytes;
}

/** The rest of a stream goes out only as fast as it is read. */
async function write(chunk) {
  if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once("drain", resolve));
}

export const HOG_ATTACKS = {
  "fork bomb": async (_facts, report) => {
    const bomb = "while (1) { my $pid = fork; select undef, undef, undef, 0.001 unless defined $pid }";
    for (let index = 0; index < 3; index += 1)
      spawn("perl", ["-e", bomb], { stdio: "ignore", detached: true }).on("error", () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    report.up();
    return true;
  },
  "memory hog": async (_facts, report) => {
    report.up();
    const kept = [];
    for (;;) {
      kept.push(Buffer.alloc(16 * MIB, 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  "memory of many": async (_facts, report) => {
    const take = `$n = ${32 * MIB}; $x = "x" x $n; sleep 1000`;
    for (let index = 0; index < 64; index += 1)
      spawn("perl", ["-e", take], { stdio: "ignore", detached: true })
        .on("error", () => undefined)
        .on("exit", report.short);
    report.up();
    return true;
  },
  "fills /tmp, /dev/shm and its home": async ({ tmpBytes = 64 * MIB }, report) => {
    for (const folder of ["/tmp", "/dev/shm", homedir()]) {
      const bytes = fill(folder, 4 * tmpBytes);
      if (bytes > tmpBytes * 1.1) report.reached(`${bytes} bytes in ${folder}`);
    }
    report.up();
    return true;
  },
  "fills the workspace": async ({ tree, mostBytes = 128 * MIB }, report) => {
    report.up();
    fill(tree, mostBytes);
    return true;
  },
  "open files": async (_facts, report) => {
    const open = [];
    try {
      for (;;) open.push(openSync("/dev/null", "r"));
    } catch {
      // as many as there may be; a few are given back, to say so
      for (const descriptor of open.splice(-20)) closeSync(descriptor);
    }
    report.up();
    return true;
  },
  "10,000 sockets": async ({ inside }, report) => {
    const child = `import("${inside}/hogs.mjs").then((all) => all.sockets(1000))`;
    let ready = 0;
    for (let index = 0; index < 10; index += 1) {
      const started = spawn(process.execPath, ["-e", child], { stdio: ["ignore", "pipe", "ignore"] });
      started.on("error", () => undefined);
      started.stdout.on("data", () => {
        ready += 1;
        if (ready === 10) report.up();
      });
      started.on("exit", () => (ready += 1) === 10 && report.up());
    }
    return true;
  },
  "output flood": async ({ floodBytes = 64 * MIB }, report) => {
    report.up();
    const line = `${"flood ".repeat(170)}\n`;
    const chunk = line.repeat(64);
    for (let bytes = 0; bytes < floodBytes; bytes += chunk.length) await write(chunk);
  },
  "a line of 100 MB": async (_facts, report) => {
    report.up();
    const chunk = "x".repeat(MIB);
    for (let part = 0; part < 100; part += 1) await write(chunk);
    await write("\n");
  },
};

/** Opens as many pairs of sockets as it may, up to half of `count`, and keeps them. */
export function sockets(count) {
  let open = 0;
  const keep = [];
  const path = `/tmp/sockets-${process.pid}`;
  const more = () => {
    if (open >= count / 2) return void process.stdout.write("ready\n");
    open += 1;
    const socket = createConnection(path)
      .on("connect", more)
      .on("error", () => process.stdout.write("ready\n"));
    keep.push(socket);
  };
  createServer((socket) => keep.push(socket))
    .on("error", () => undefined)
    .listen(path, more);
}
