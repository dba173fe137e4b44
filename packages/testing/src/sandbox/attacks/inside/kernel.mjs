// The kernel's own interfaces.
import { spawnSync } from "node:child_process";
import { existsSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from "node:fs";
import path from "node:path";
import { callsProgram, perl } from "./system-calls.mjs";

const SETTINGS = [
  "/proc/sys/kernel/core_pattern",
  "/proc/sys/kernel/modprobe",
  "/proc/sys/kernel/hostname",
  "/proc/sys/kernel/pid_max",
  "/proc/sys/kernel/ns_last_pid",
  "/proc/sys/vm/drop_caches",
  "/proc/sys/vm/overcommit_memory",
  "/proc/sys/net/ipv4/ip_forward",
  "/proc/sys/user/max_user_namespaces",
  "/proc/sysrq-trigger",
  "/sys/kernel/uevent_helper",
  "/sys/kernel/mm/transparent_hugepage/enabled",
  "/sys/power/state",
];
const DEVICES = [
  "mem",
  "kmem",
  "port",
  "kmsg",
  "sda",
  "vda",
  "nvme0n1",
  "loop-control",
  "fuse",
  "kvm",
  "net/tun",
];
const KERNEL_TEXTS = ["/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/proc/keys", "/proc/timer_list"];

/** Whether something was really written; an open alone may be allowed. */
function writes(file, text) {
  try {
    writeFileSync(file, text, { flag: "r+" });
    return true;
  } catch {
    return false;
  }
}

function* below(folder, depth = 0) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && depth < 6) yield* below(file, depth + 1);
    else yield file;
  }
}

export const KERNEL_ATTACKS = {
  "control groups": async (_facts, report) => {
    const limits =
      /\/(?:memory\.(?:max|limit_in_bytes|memsw\.limit_in_bytes)|pids\.max|cpu\.(?:max|cfs_quota_us)|cgroup\.procs|tasks|release_agent|notify_on_release|devices\.allow)$/;
    for (const file of below("/sys/fs/cgroup"))
      if (limits.test(file) && writes(file, file.endsWith("max") ? "max" : "-1"))
        report.reached(`wrote ${file}`);
    for (const type of ["cgroup", "cgroup2"])
      if (spawnSync("mount", ["-t", type, "none", "/tmp"]).status === 0) report.reached(`mounted ${type}`);
  },
  "kernel settings": async (_facts, report) => {
    for (const file of SETTINGS) {
      let before = "1";
      try {
        before = readFileSync(file, "utf8");
      } catch {
        // not readable; it may still be writable
      }
      if (writes(file, before.trim())) report.reached(`wrote ${file}`);
    }
    for (const pid of ["self", "1"])
      if (writes(`/proc/${pid}/oom_score_adj`, "-1000")) report.reached(`oom_score_adj of ${pid}`);
    for (const file of below("/sys")) if (writes(file, "1")) report.reached(`wrote ${file}`);
    for (const name of DEVICES) {
      try {
        if (existsSync(`/dev/${name}`)) openSync(`/dev/${name}`, "r+");
        else continue;
        report.reached(`/dev/${name}`);
      } catch {
        // refused
      }
    }
    for (const file of KERNEL_TEXTS) {
      let text = "";
      try {
        const descriptor = openSync(file, "r");
        const bytes = Buffer.alloc(4096);
        text = bytes.subarray(0, readSync(descriptor, bytes)).toString("latin1");
      } catch {
        continue;
      }
      // Addresses that are all zero tell nothing.
      if (/[1-9a-f]/.test(text.replaceAll(/[^\da-f]/g, "").slice(0, 16))) report.reached(`read ${file}`);
    }
  },
  "system calls": async ({ pids = [] }, report) => {
    for (const line of perl(callsProgram(pids[0] ?? 1))) report.reached(line);
  },
};
