import type { CommandContext } from "../commands/context.ts";
import { usageError } from "../exit.ts";
import { tableLines } from "../render/table.ts";
import { cleanLine } from "../terminal/clean.ts";

export interface AllowFlags {
  readonly reason: string;
}

/** `mosaic secrets allow` and `disallow`: whether a finding blocks, by its fingerprint. */
export async function decide(
  context: CommandContext,
  verb: "allow" | "disallow",
  { fingerprint, reason }: { readonly fingerprint: string; readonly reason: string },
): Promise<void> {
  const { terminal, signal } = context;
  if (!/^[0-9a-f]{32}$/.test(fingerprint))
    throw usageError(
      `'${fingerprint}' is not a fingerprint`,
      "It stands behind each finding, in `mosaic logs` and `mosaic show`.",
    );
  const client = await context.connect();
  const body = { fingerprint, reason };
  const route = verb === "allow" ? "allowSecret" : "disallowSecret";
  const answer = await client.call(route, { body }, { signal });
  if (terminal.json) return terminal.jsonLine(answer);
  terminal.line(verb === "allow" ? `${fingerprint} passes` : `${fingerprint} blocks again`);
}

/** `mosaic secrets list`: findings that do not block. */
export async function listAllowed(context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const answer = await client.call("listAllowedSecrets", undefined, { signal });
  if (terminal.json) return terminal.jsonLine(answer);
  const rows = answer.items.map(({ fingerprint, allowedBy, allowedAt, reason }) =>
    [fingerprint, allowedAt, allowedBy, reason].map((text) => ({ text: cleanLine(text) })),
  );
  const columns = ["FINGERPRINT", "SINCE", "BY", "WHY"].map((title) => ({ title }));
  terminal.lines(tableLines(columns, rows, { paint: terminal.paint, width: null }));
}
