import { styleText } from "node:util";

export type Tone = "plain" | "good" | "bad" | "warn" | "info" | "dim" | "strong";

/** Colours text, or leaves it alone. */
export type Paint = (tone: Tone, text: string) => string;

const STYLES: Readonly<Record<Exclude<Tone, "plain">, Parameters<typeof styleText>[0]>> = {
  good: "green",
  bad: "red",
  warn: "yellow",
  info: "cyan",
  dim: "dim",
  strong: "bold",
};

/** Leaves text alone. */
export const noPaint: Paint = (_tone, text) => text;

/** ANSI colours. */
export const ansiPaint: Paint = (tone, text) =>
  tone === "plain" || text === "" ? text : styleText(STYLES[tone], text, { validateStream: false });

/**
 * Whether a stream gets colour: FORCE_COLOR (unless 0 or false) wins, then NO_COLOR (no-color.org) and TERM=dumb forbid
 * it, then it is for terminals only.
 */
export function wantsColour(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  if ((env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb") return false;
  return isTerminal;
}
