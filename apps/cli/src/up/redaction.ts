import { randomUUID } from "node:crypto";
import type { Config } from "@mosaic/config";
import { createScanner, type KnownSecret } from "@mosaic/secrets";

/** Takes what this installation holds, and what looks like a secret, out of text. */
export function createRedaction(config: Config, serviceToken?: string): (text: string) => string {
  const held = { apiKey: config.apiKey, adminToken: config.adminToken, serviceToken };
  const known = Object.entries(held).flatMap(([name, value]): KnownSecret[] =>
    value === undefined ? [] : [{ name, value }],
  );
  // The salt only makes fingerprints comparable, and redaction makes none that are kept.
  const scanner = createScanner({ salt: randomUUID(), known });
  return (text) => scanner.redact(text);
}
