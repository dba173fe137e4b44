import { FAKE_SECRETS, fakeSecret, type FakeSecretKind } from "./fake-secret.ts";

export interface Placeholders {
  /** The prompt's number, from 1: `{{prompt}}`. */
  readonly prompt: number;
  /** A short id that is the same all through a conversation: `{{conversation}}`. */
  readonly conversation: string;
  /** The output of a tool call that the script gave a name: `{{result:name}}`. */
  readonly result: (name: string) => string | null;
}

const PATTERN = /\{\{([a-z]+)(?::([a-z0-9_-]+))?\}\}/g;

/** A scenario uses a placeholder that means nothing here. */
export class PlaceholderError extends Error {
  constructor(placeholder: string, why: string) {
    super(`the scenario's placeholder ${placeholder} cannot be filled in: ${why}`);
    this.name = "PlaceholderError";
  }
}

/** Fills in every placeholder in every string of `value`. @throws PlaceholderError */
export function fillIn(value: unknown, placeholders: Placeholders): unknown {
  if (typeof value === "string") return fillText(value, placeholders);
  if (Array.isArray(value)) return value.map((item) => fillIn(item, placeholders));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, placeholders)]));
}

/** Fills in every placeholder in a text. @throws PlaceholderError */
export function fillText(text: string, placeholders: Placeholders): string {
  return text.replaceAll(PATTERN, (whole, kind: string, name: string | undefined) => {
    if (kind === "prompt") return String(placeholders.prompt);
    if (kind === "conversation") return placeholders.conversation;
    if (kind === "fake") return secret(whole, name);
    if (kind !== "result") throw new PlaceholderError(whole, "there is no such placeholder");
    const output = placeholders.result(name ?? "");
    if (output === null) throw new PlaceholderError(whole, `no earlier tool call is called '${name ?? ""}'`);
    return output;
  });
}

function secret(whole: string, name: string | undefined): string {
  if (FAKE_SECRETS.includes(name as FakeSecretKind)) return fakeSecret(name as FakeSecretKind);
  throw new PlaceholderError(whole, `there are: ${FAKE_SECRETS.join(", ")}`);
}
