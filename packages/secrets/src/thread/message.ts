import type { Finding, KnownSecret, ScannerOptions } from "../port.ts";

/** What a scanning thread is started with. */
export type ThreadStart = Pick<ScannerOptions, "salt" | "known" | "maxFileBytes" | "timeLimitMs">;

/** One file for a scanning thread. */
export interface ScanRequest {
  readonly path: string;
  readonly content: Uint8Array | null;
  /** Values looked for in this file besides those of the start. */
  readonly known: readonly KnownSecret[];
}

export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly findings: readonly Finding[] }
  /** An engine failed; the text says how, without anything of the file. */
  | { readonly kind: "failed"; readonly why: string };
