import { randomUUID } from "node:crypto";
import type { KnownSecret } from "./port.ts";
import { createScanner } from "./scanner.ts";

/** Values that a process holds, by name, as what is to be found; what is not set is left out. */
export function knownSecrets(held: Readonly<Record<string, string | undefined>>): readonly KnownSecret[] {
  return Object.entries(held).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

/**
 * Takes the values that a process holds, and everything that looks like a secret, out of text: what every log and every
 * output goes through. @param held by name, which stands in the place of the value; what is not set is left out
 */
export function createRedaction(
  held: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  // The salt only makes fingerprints comparable, and redaction makes none that are kept.
  const scanner = createScanner({ salt: randomUUID(), known: knownSecrets(held) });
  return (text) => scanner.redact(text);
}
