import type { CommandContext } from "../commands/context.ts";

/** Makes a commander action of a command by giving it its context. */
export type Act = <A extends unknown[]>(
  command: (context: CommandContext, ...args: A) => Promise<void>,
) => (...args: A) => Promise<void>;

/** The help of a command leads with examples. */
export function examples(...lines: readonly string[]): string {
  return ["Examples:", ...lines.map((line) => `  $ ${line}`), ""].join("\n");
}
