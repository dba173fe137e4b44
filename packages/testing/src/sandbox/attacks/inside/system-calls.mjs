// System calls that Node does not make, made by perl, which every Debian has.
import { spawnSync } from "node:child_process";

/** Lines that the program prints. Without perl nothing can be tried, which is no pass. */
export function perl(program) {
  const { status, stdout, stderr, error } = spawnSync("perl", ["-e", program], { encoding: "utf8" });
  if (error !== undefined || status !== 0)
    return [`(perl could not try: ${error?.message ?? `${status} ${stderr}`})`];
  return stdout.split("\n").filter((line) => line !== "");
}

const NUMBERS = {
  x64: {
    mount: 165,
    umount2: 166,
    pivot_root: 155,
    chroot: 161,
    unshare: 272,
    setns: 308,
    ptrace: 101,
    keyctl: 250,
    add_key: 248,
    bpf: 321,
    perf_event_open: 298,
    userfaultfd: 323,
    process_vm_readv: 310,
    open_by_handle_at: 304,
    init_module: 175,
    finit_module: 313,
    kexec_load: 246,
    reboot: 169,
    swapon: 167,
    syslog: 103,
    sethostname: 170,
    mknod: 133,
    settimeofday: 164,
    iopl: 172,
    quotactl: 179,
    acct: 163,
  },
  arm64: {
    mount: 40,
    umount2: 39,
    pivot_root: 41,
    chroot: 51,
    unshare: 97,
    setns: 268,
    ptrace: 117,
    keyctl: 219,
    add_key: 217,
    bpf: 280,
    perf_event_open: 241,
    userfaultfd: 282,
    process_vm_readv: 270,
    open_by_handle_at: 265,
    init_module: 105,
    finit_module: 273,
    kexec_load: 104,
    reboot: 142,
    swapon: 224,
    syslog: 116,
    sethostname: 161,
    settimeofday: 170,
    quotactl: 60,
    acct: 89,
  },
};
/** Numbered alike everywhere. */
const COMMON = {
  io_uring_setup: 425,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsmount: 432,
  mount_setattr: 442,
  pidfd_getfd: 438,
  clone3: 435,
};

/** Arguments with which the call would do something, were it allowed; `%pid` is a process of the host. */
const CALLS = [
  ["mount", '"none", "/tmp", "tmpfs", 0, 0'],
  ["mount", '"/proc", "/proc", "none", 4096 | 32, 0'],
  ["umount2", '"/proc", 2'],
  ["pivot_root", '"/tmp", "/tmp"'],
  ["chroot", '"/tmp"'],
  ["unshare", "0x10000000"],
  ["unshare", "0x40000000"],
  ["unshare", "0x00020000"],
  ["ptrace", "16, %pid, 0, 0"],
  ["keyctl", "0, -3, 0, 0, 0"],
  ["add_key", '"user", "planted", "x", 1, -5'],
  ["bpf", '0, "\\0" x 128, 128'],
  ["perf_event_open", 'pack("L2", 1, 112) . "\\0" x 104, 0, -1, -1, 0'],
  ["userfaultfd", "0"],
  ["process_vm_readv", '%pid, pack("PQ", $buffer, 8), 1, pack("QQ", 0x400000, 8), 1, 0'],
  ["open_by_handle_at", '3, pack("Ll", 8, 1) . "\\0" x 8, 0'],
  ["init_module", '"x", 1, ""'],
  ["kexec_load", "0, 0, 0, 0"],
  ["reboot", "0xfee1dead, 672274793, 0x12345678"],
  ["swapon", '"/tmp/x", 0'],
  ["syslog", '3, "\\0" x 4096, 4096'],
  ["sethostname", '"owned", 5'],
  ["mknod", '"/tmp/disk", 060600, 0x800'],
  ["settimeofday", 'pack("qq", 1, 1), 0'],
  ["iopl", "3"],
  ["quotactl", '0x80000100, "/", 0, 0'],
  ["acct", '"/tmp/acct"'],
  ["io_uring_setup", '8, "\\0" x 120'],
  ["open_tree", '-100, "/", 1'],
  ["fsopen", '"tmpfs", 0'],
  ["mount_setattr", '-100, "/", 0, "\\0" x 32, 32'],
];

/** Makes every call, and prints those that were let through. */
export function callsProgram(pid) {
  const numbers = { ...NUMBERS[process.arch], ...COMMON };
  const lines = CALLS.filter(([name]) => numbers[name] !== undefined).map(
    ([name, args]) =>
      `print "${name}\\n" if call(${numbers[name]}, ${args.replaceAll("%pid", String(pid))});`,
  );
  // perl wants texts that the kernel could write to.
  return [
    'my $buffer = "\\0" x 8;',
    "sub call { my @args = @_; return syscall(shift @args, @args) >= 0; }",
    ...lines,
  ].join("\n");
}

/** Opens sockets of families that reach past a network namespace or into the kernel, and raw ones. */
export function socketFamilies() {
  const families = { packet: 17, alg: 38, vsock: 40, bluetooth: 31, can: 29, rds: 21, tipc: 30, xdp: 44 };
  const lines = Object.entries(families).map(
    ([name, number]) => `print "socket of family ${name}\\n" if socket(my $s, ${number}, 3, 0);`,
  );
  return `${lines.join("\n")}\nprint "raw socket\\n" if socket(my $r, 2, 3, 1);`;
}
