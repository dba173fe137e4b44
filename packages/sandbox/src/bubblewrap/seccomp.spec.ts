import { describe, expect, it } from "vitest";
import { seccompFilter } from "./seccomp.ts";

const ALLOW = "allow";

/** Runs the filter as the kernel does, for one system call. */
function verdict(
  architecture: string,
  call: { audit: number; number: number; arguments?: readonly number[] },
): string {
  const program = seccompFilter(architecture);
  if (program === null) throw new Error("no filter");
  const data: Record<number, number> = { 0: call.number, 4: call.audit };
  for (const [position, value] of (call.arguments ?? []).entries()) data[16 + 8 * position] = value;
  let accumulator = 0;
  for (let index = 0; index < program.length / 8; index += 1) {
    const code = program.readUInt16LE(index * 8);
    const value = program.readUInt32LE(index * 8 + 4);
    if (code === 0x20) accumulator = data[value] ?? Number.NaN;
    else if (code === 0x06) return value === 0x7fff_0000 ? ALLOW : `errno ${String(value & 0xffff)}`;
    else {
      const holds =
        code === 0x15
          ? accumulator === value
          : code === 0x35
            ? accumulator >= value
            : (accumulator & value) !== 0;
      index += program.readUInt8(index * 8 + (holds ? 2 : 3));
    }
  }
  throw new Error("the filter ends without a verdict");
}

const MACHINES = [
  {
    name: "x64",
    audit: 0xc000_003e,
    read: 0,
    mount: 165,
    keyctl: 250,
    unshare: 272,
    socket: 41,
    clone: 56,
    fchmod: 91,
    fchmodat: 268,
    openat: 257,
  },
  {
    name: "arm64",
    audit: 0xc000_00b7,
    read: 63,
    mount: 40,
    keyctl: 219,
    unshare: 97,
    socket: 198,
    clone: 220,
    fchmod: 52,
    fchmodat: 53,
    openat: 56,
  },
];

describe.each(MACHINES)("the system call filter for $name", ({ name, audit, ...calls }) => {
  const judge = (number: number, ...values: number[]) => verdict(name, { audit, number, arguments: values });

  it("lets ordinary calls pass", () => {
    expect([calls.read, 436, 451].map((number) => judge(number))).toEqual([ALLOW, ALLOW, ALLOW]);
  });

  it("denies mounts, keyrings and new namespaces", () => {
    expect([calls.mount, calls.keyctl, calls.unshare].map((number) => judge(number))).toEqual(
      Array(3).fill("errno 1"),
    );
  });

  it("lets processes be made, but not in a new user namespace", () => {
    expect(judge(calls.clone, 0x0120_0011)).toBe(ALLOW);
    expect(judge(calls.clone, 0x1000_0011)).toBe("errno 1");
  });

  it("lets modes be set and files be made, but not set-id ones", () => {
    const [creating, reading] = [0o101, 0];
    expect([judge(calls.fchmod, 3, 0o755), judge(calls.fchmodat, 3, 0, 0o1777)]).toEqual([ALLOW, ALLOW]);
    expect([judge(calls.fchmod, 3, 0o4755), judge(calls.fchmodat, 3, 0, 0o2755)]).toEqual([
      "errno 1",
      "errno 1",
    ]);
    expect(judge(calls.openat, 3, 0, creating, 0o644)).toBe(ALLOW);
    expect(judge(calls.openat, 3, 0, creating, 0o4644)).toBe("errno 1");
    expect(judge(calls.openat, 3, 0, reading, 0o7777)).toBe(ALLOW);
  });

  it("hides clone3 and io_uring, for which programs have another way", () => {
    expect([435, 425].map((number) => judge(number))).toEqual(["errno 38", "errno 38"]);
  });

  it("allows only the socket families that a network namespace separates", () => {
    expect([1, 2, 10, 16].map((family) => judge(calls.socket, family))).toEqual(Array(4).fill(ALLOW));
    const others = { packet: 17, alg: 38, vsock: 40 };
    expect(Object.values(others).map((family) => judge(calls.socket, family))).toEqual(
      Array(3).fill("errno 97"),
    );
  });

  it("knows no other machine's numbers", () => {
    expect(verdict(name, { audit: 0x4000_0003, number: calls.read })).toBe("errno 38");
  });
});

it("refuses the x32 numbering of x64", () => {
  expect(verdict("x64", { audit: 0xc000_003e, number: 0x4000_0000 + 165 })).toBe("errno 38");
});

it("does not exist for machines without a table", () => {
  expect(seccompFilter("riscv64")).toBeNull();
});
