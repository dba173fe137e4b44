import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KnownSecret } from "@mosaic/secrets";
import type { CommandContext } from "../commands/context.ts";

const MIN_LENGTH = 8;

/**
 * The salt of this machine's instance, so that fingerprints are the server's, and the values it holds. Where there is
 * no instance fingerprints are this run's only.
 */
export async function readIdentity({
  home,
  env,
}: CommandContext): Promise<{ readonly salt: string; readonly known: readonly KnownSecret[] }> {
  const [identity, token] = await Promise.all(
    ["identity.json", "cli-token"].map((name) => readFile(join(home, name), "utf8").catch(() => "")),
  );
  const held = {
    adminToken: token?.trim(),
    token: env["MOSAIC_TOKEN"],
    apiKey: env["ANTHROPIC_API_KEY"],
  };
  const known = Object.entries(held).flatMap(([name, value]) =>
    value === undefined || value.length < MIN_LENGTH ? [] : [{ name, value }],
  );
  return { salt: saltOf(identity ?? "") ?? randomBytes(16).toString("hex"), known };
}

function saltOf(identity: string): string | null {
  try {
    const { salt } = JSON.parse(identity) as { salt?: unknown };
    return typeof salt === "string" && salt.length >= 16 ? salt : null;
  } catch {
    return null;
  }
}
