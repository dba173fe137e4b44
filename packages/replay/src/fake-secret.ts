import { createHash } from "node:crypto";

/** `length` characters that look random and are always the same. */
function characters(seed: string, length: number): string {
  let text = "";
  for (let block = 0; text.length < length; block += 1) {
    text += createHash("sha256").update(`${seed}:${block}`).digest("base64url").replaceAll(/[-_]/g, "");
  }
  return text.slice(0, length);
}

/**
 * Credentials that open nothing, in the shapes of real ones. They are made when they are needed, so that nothing
 * that looks like a key lies in this repository, where every secret scanner would rightly stop.
 */
const SHAPES = {
  "anthropic-key": () => `${["sk", "ant", "api03"].join("-")}-${characters("anthropic", 93)}AA`,
  "github-token": () => `${["gh", "p"].join("")}_${characters("github", 36)}`,
  "aws-key": () => `${["AK", "IA"].join("")}${characters("aws", 16).toUpperCase()}`,
} as const;

export type FakeSecretKind = keyof typeof SHAPES;
export const FAKE_SECRETS = Object.keys(SHAPES) as readonly FakeSecretKind[];

/** The credential that `{{fake:<kind>}}` in a scenario stands for. */
export function fakeSecret(kind: FakeSecretKind): string {
  return SHAPES[kind]();
}
