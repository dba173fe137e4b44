import { createHash } from "node:crypto";

/** How many there are of something, and a digest of all of them that does not depend on their order. */
export interface Tally {
  readonly count: number;
  /** 64 hexadecimal digits: the sum of the SHA-256 of each. */
  readonly digest: string;
}

export type Tallies<Kind extends string> = Readonly<Record<Kind, Tally>>;

const MODULUS = 1n << 256n;

/** Counts texts of several kinds. */
export function createTallies<Kind extends string>(kinds: readonly Kind[]) {
  const sums = new Map(kinds.map((kind) => [kind, { count: 0, sum: 0n }]));
  return {
    add(kind: Kind, text: string): void {
      const tally = sums.get(kind);
      if (tally === undefined) throw new Error(`nothing of kind ${kind} is counted`);
      tally.count += 1;
      tally.sum = (tally.sum + BigInt(`0x${createHash("sha256").update(text).digest("hex")}`)) % MODULUS;
    },
    read(): Tallies<Kind> {
      const entries = [...sums].map(([kind, { count, sum }]) => [
        kind,
        { count, digest: sum.toString(16).padStart(64, "0") },
      ]);
      return Object.fromEntries(entries) as Tallies<Kind>;
    },
  };
}

/** Kinds whose numbers or digests are not the same. */
export function differences<Kind extends string>(one: Tallies<Kind>, other: Tallies<Kind>): readonly Kind[] {
  const kinds = Object.keys(one) as Kind[];
  return kinds.filter(
    (kind) => one[kind].count !== other[kind].count || one[kind].digest !== other[kind].digest,
  );
}
