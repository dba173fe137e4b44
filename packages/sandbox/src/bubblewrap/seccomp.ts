/** Numbers: Linux's `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`. */
interface Architecture {
  /** AUDIT_ARCH_* of `linux/audit.h`. */
  readonly audit: number;
  readonly socket: number;
  readonly clone: number;
  /** Calls that set a file's mode, with the position of the mode among their arguments. */
  readonly setMode: readonly (readonly [call: number, mode: number])[];
  /** Calls that may make a file, with the positions of their flags and mode. */
  readonly open: readonly (readonly [call: number, flags: number, mode: number])[];
  readonly schedSetAffinity: number;
  readonly memfdCreate: number;
  readonly shmget: number;
  /** x86-64 also answers to the x32 numbering, above this bit. */
  readonly foreignNumbersFrom: number | null;
  readonly denied: readonly number[];
}

/** Numbered alike on every architecture: open_tree … fspick, mount_setattr, quotactl_fd, pidfd_getfd. */
const DENIED_EVERYWHERE = [428, 429, 430, 431, 432, 433, 442, 443, 438];

/**
 * clone3 and openat2 have their flags in memory, where a filter cannot look; io_uring makes calls that no filter sees.
 * Told ENOSYS, as by an older kernel, programs use clone, openat and threads.
 */
const ABSENT_EVERYWHERE = [435, 437, 425, 426, 427];

/**
 * Denied, in this order: keyctl, add_key, request_key (the kernel's keyrings are not of any namespace of ours), bpf,
 * perf_event_open, userfaultfd, mount, umount2, pivot_root, unshare, setns, open_by_handle_at, quotactl, syslog, kcmp,
 * kexec_load, kexec_file_load, init_module, finit_module, delete_module, acct, swapon, swapoff, reboot.
 */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000_003e,
    socket: 41,
    clone: 56,
    // chmod, fchmod, fchmodat, fchmodat2, creat, mknod, mknodat
    setMode: [
      [90, 1],
      [91, 1],
      [268, 2],
      [452, 2],
      [85, 1],
      [133, 1],
      [259, 2],
    ],
    // open, openat
    open: [
      [2, 1, 2],
      [257, 2, 3],
    ],
    schedSetAffinity: 203,
    memfdCreate: 319,
    shmget: 29,
    foreignNumbersFrom: 0x4000_0000,
    denied: [
      250, 248, 249, 321, 298, 323, 165, 166, 155, 272, 308, 304, 179, 103, 312, 246, 320, 175, 313, 176, 163,
      167, 168, 169,
    ],
  },
  arm64: {
    audit: 0xc000_00b7,
    socket: 198,
    clone: 220,
    setMode: [
      [52, 1],
      [53, 2],
      [452, 2],
      [33, 2],
    ],
    open: [[56, 2, 3]],
    schedSetAffinity: 122,
    memfdCreate: 279,
    shmget: 194,
    foreignNumbersFrom: null,
    denied: [
      219, 217, 218, 280, 241, 282, 40, 39, 41, 97, 268, 265, 60, 116, 272, 104, 294, 105, 273, 106, 89, 224,
      225, 142,
    ],
  },
};

/** UNIX, INET, INET6, NETLINK. A network namespace does not separate the rest: VSOCK reaches a virtual machine's host. */
const SOCKET_FAMILIES = [1, 2, 10, 16];

const CLONE_NEWUSER = 0x1000_0000;

/**
 * Set-user-id and set-group-id. Inside they do nothing, but a file in a tree that is written to belongs, on the host, to
 * the user who runs Mosaic: with such a bit it would lend that user's rights to everybody there.
 */
const SET_ID_BITS = 0o6000;

/** O_CREAT or O_TMPFILE; without them the mode is whatever was in the register. */
const MAKES_FILE = 0o20_000_100;

/** Memory that is in no process and in no file: memfd_create (by architecture), memfd_secret, and large segments of shmget. */
const MEMFD_SECRET = 447;
/** Room for what programs lock each other out with (PostgreSQL), in the 4096 segments that there may be. */
const SEGMENT_BYTES = 64 * 1024;

const EPERM = 1;
const ENOSPC = 28;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_SET = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;

/** Offsets in `struct seccomp_data`; of an argument its low half, both machines being little-endian. */
const NUMBER = 0;
const ARCH = 4;
const argument = (position: number): number => 16 + 8 * position;
const HIGH_HALF = 4;

interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly value: number;
}

/** What is denied because a limit hangs on it. */
export interface SeccompChoices {
  /** Memory that whoever watches from outside does not see. */
  readonly hiddenMemory?: boolean;
  /** Leaving the processors that the sandbox is bound to. */
  readonly otherProcessors?: boolean;
}

/**
 * A seccomp filter in the form `bwrap --seccomp` reads: everything is allowed except kernel interfaces that a build or an
 * agent never needs and that have led out of sandboxes. Null for an architecture without a table.
 */
export function seccompFilter(architecture: string, deny: SeccompChoices = {}): Buffer | null {
  const known = ARCHITECTURES[architecture];
  if (known === undefined) return null;
  const program: Instruction[] = [
    load(ARCH),
    jump(JUMP_IF_EQUAL, known.audit, 1, 0),
    fail(ENOSYS),
    load(NUMBER),
    ...(known.foreignNumbersFrom === null ? [] : unless(JUMP_IF_AT_LEAST, known.foreignNumbersFrom, ENOSYS)),
    ...ABSENT_EVERYWHERE.flatMap((number) => unless(JUMP_IF_EQUAL, number, ENOSYS)),
    ...[...DENIED_EVERYWHERE, ...known.denied].flatMap((number) => unless(JUMP_IF_EQUAL, number, EPERM)),
    ...(deny.otherProcessors === true ? unless(JUMP_IF_EQUAL, known.schedSetAffinity, EPERM) : []),
    ...(deny.hiddenMemory === true ? withoutHiddenMemory(known) : []),
    ...onCall(known.clone, [load(argument(0)), ...unless(JUMP_IF_SET, CLONE_NEWUSER, EPERM), allow()]),
    ...known.setMode.flatMap(([call, mode]) => onCall(call, withoutSetId(mode))),
    ...known.open.flatMap(([call, flags, mode]) =>
      onCall(call, [
        load(argument(flags)),
        jump(JUMP_IF_SET, MAKES_FILE, 1, 0),
        allow(),
        ...withoutSetId(mode),
      ]),
    ),
    ...onCall(known.socket, [
      load(argument(0)),
      ...SOCKET_FAMILIES.flatMap((family) => [jump(JUMP_IF_EQUAL, family, 0, 1), allow()]),
      fail(EAFNOSUPPORT),
    ]),
    allow(),
  ];
  return assemble(program);
}

const load = (offset: number): Instruction => ({ code: LOAD_WORD, ifTrue: 0, ifFalse: 0, value: offset });
const allow = (): Instruction => ({ code: RETURN, ifTrue: 0, ifFalse: 0, value: ALLOW });
const fail = (errno: number): Instruction => ({ code: RETURN, ifTrue: 0, ifFalse: 0, value: ERRNO + errno });
const jump = (code: number, value: number, ifTrue: number, ifFalse: number): Instruction => ({
  code,
  ifTrue,
  ifFalse,
  value,
});

/** Falls through unless the comparison holds. */
const unless = (code: number, value: number, errno: number): Instruction[] => [
  jump(code, value, 0, 1),
  fail(errno),
];

/** Decides about one call; the body must end in a verdict. */
const onCall = (number: number, body: readonly Instruction[]): Instruction[] => [
  jump(JUMP_IF_EQUAL, number, 0, body.length),
  ...body,
];

const withoutSetId = (mode: number): Instruction[] => [
  load(argument(mode)),
  ...unless(JUMP_IF_SET, SET_ID_BITS, EPERM),
  allow(),
];

const withoutHiddenMemory = ({ memfdCreate, shmget }: Architecture): Instruction[] => [
  ...[memfdCreate, MEMFD_SECRET].flatMap((number) => unless(JUMP_IF_EQUAL, number, ENOSYS)),
  ...onCall(shmget, [
    load(argument(1) + HIGH_HALF),
    jump(JUMP_IF_EQUAL, 0, 1, 0),
    fail(ENOSPC),
    load(argument(1)),
    ...unless(JUMP_IF_AT_LEAST, SEGMENT_BYTES + 1, ENOSPC),
    allow(),
  ]),
];

/** `struct sock_filter`: u16 code, u8 jt, u8 jf, u32 k. */
function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, instruction] of program.entries()) {
    bytes.writeUInt16LE(instruction.code, index * 8);
    bytes.writeUInt8(instruction.ifTrue, index * 8 + 2);
    bytes.writeUInt8(instruction.ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(instruction.value, index * 8 + 4);
  }
  return bytes;
}
