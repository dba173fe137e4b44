/**
 * System calls by what they are for; all others fail with EPERM. Of the calls of Linux for 64-bit machines
 * (`asm/unistd.h`) these are left out: mounts, namespaces, modules, kexec, reboot, swap, quotas, accounting, setting the
 * clock, ports, keyrings, bpf, perf, userfaultfd, fanotify, ptrace, other processes' memory and descriptors, io_uring,
 * handles of files, the kernel's log, NUMA placement, and what is obsolete.
 */
const ALLOWED = {
  files: `access chdir chown close close_range copy_file_range dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate
    fchdir fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync
    ftruncate futimesat getcwd getdents getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch
    ioctl lchown lgetxattr link linkat listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat newfstatat
    pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr
    rename renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink symlinkat sync sync_file_range
    syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev`,
  memory: `brk cachestat get_mempolicy madvise membarrier mincore mlock mlock2 mlockall mmap mprotect mremap mseal msync
    munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect map_shadow_stack remap_file_pages memfd_create`,
  processes: `arch_prctl capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getcpu
    getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage
    getsid gettid getuid ioprio_get ioprio_set modify_ldt pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall
    rseq sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
    sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler
    sched_yield set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid setgroups setpgid setpriority
    setregid setresgid setresuid setreuid setrlimit setsid setuid sysinfo times uname vfork wait4 waitid`,
  signals: `alarm futex futex_requeue futex_wait futex_waitv futex_wake kill pause rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sigaltstack signalfd
    signalfd4 tgkill tkill`,
  time: `clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create
    timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime`,
  waiting: `epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 io_cancel
    io_destroy io_getevents io_pgetevents io_setup io_submit poll ppoll pselect6 select`,
  talking: `accept accept4 bind connect getpeername getsockname getsockopt listen mq_getsetattr mq_notify mq_open
    mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg recvmsg semctl semget semop
    semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown socketpair`,
  // These can only take rights away.
  ownSandboxes: "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp",
  randomness: "getrandom",
} as const;

/**
 * clone3 and openat2 have their flags in memory, where a filter cannot look; io_uring makes calls that no filter sees.
 * Told ENOSYS, as by an older kernel, programs use clone, openat and threads.
 */
const ABSENT = ["clone3", "openat2", "io_uring_setup", "io_uring_enter", "io_uring_register", "fchmodat2"];

/** UNIX, INET, INET6, NETLINK. A network namespace does not separate the rest: VSOCK reaches a virtual machine's host. */
const SOCKET_FAMILIES = [1, 2, 10, 16];

/** The CLONE_NEW* flags of clone: mount, control group, UTS, IPC, user, PID, network. */
const NAMESPACES = 0x7e02_0000;

/** Linux, Linux with 16-bit ids, and "what is it now?": none that takes address randomisation away. */
const PERSONALITIES = [0x0, 0x0008, 0xffff_ffff];

/**
 * Set-user-id and set-group-id. Inside they do nothing, but a file in a tree that is written to belongs, on the host, to
 * a user there: with such a bit it would lend that user's rights to everybody.
 */
const SET_ID_BITS = 0o6000;

/** Calls that set a file's mode, with its position among their arguments. */
const SET_MODE = { chmod: 1, fchmod: 1, fchmodat: 2, creat: 1, mknod: 1, mknodat: 2 } as const;

/** Calls that may make a file, with the positions of their flags and mode. */
const OPEN = { open: [1, 2], openat: [2, 3] } as const;

/** O_CREAT or O_TMPFILE; without them the mode is whatever was in the register. */
const MAKES_FILE = 0o20_000_100;

const ENOSYS = 38;

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "SCMP_ARCH_X86_64",
  arm64: "SCMP_ARCH_AARCH64",
};

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo: number;
  readonly op: "SCMP_CMP_EQ" | "SCMP_CMP_MASKED_EQ";
}

/**
 * The system call filter in Docker's form, as JSON text: what is not known to be needed is refused. Null for an
 * architecture whose calls have not been looked up.
 */
export function seccompProfile(architecture: string): string | null {
  const machine = ARCHITECTURES[architecture];
  if (machine === undefined) return null;
  const allow = (names: readonly string[], ...args: Argument[]) => ({
    names,
    action: "SCMP_ACT_ALLOW",
    args,
  });
  return JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: [machine],
    syscalls: [
      ...Object.values(ALLOWED).map((names) => allow(names.split(/\s+/))),
      { names: ABSENT, action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS, args: [] },
      allow(["clone"], without(0, NAMESPACES)),
      ...SOCKET_FAMILIES.map((family) => allow(["socket"], equal(0, family))),
      ...PERSONALITIES.map((personality) => allow(["personality"], equal(0, personality))),
      ...Object.entries(SET_MODE).map(([call, mode]) => allow([call], without(mode, SET_ID_BITS))),
      // Each rule allows by itself: what makes no file, and what makes one without those bits.
      ...Object.entries(OPEN).flatMap(([call, [flags, mode]]) => [
        allow([call], without(flags, MAKES_FILE)),
        allow([call], without(mode, SET_ID_BITS)),
      ]),
    ],
  });
}

const equal = (index: number, value: number): Argument => ({ index, value, valueTwo: 0, op: "SCMP_CMP_EQ" });

/** None of these bits: `(argument & value) === valueTwo`. */
const without = (index: number, bits: number): Argument => ({
  index,
  value: bits,
  valueTwo: 0,
  op: "SCMP_CMP_MASKED_EQ",
});
