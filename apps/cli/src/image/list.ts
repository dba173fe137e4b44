import type { CommandContext } from "../commands/context.ts";
import { tableLines } from "../render/table.ts";
import { age, bytes } from "../render/units.ts";
import { cleanLine } from "../terminal/clean.ts";
import { connectImageEngine } from "./engine.ts";
import { LABELS } from "./labels.ts";
import { socketOf } from "./socket.ts";

export interface ListFlags {
  readonly socket?: string;
}

const COLUMNS = [
  { title: "IMAGE", min: 12 },
  { title: "ID" },
  { title: "BASE", min: 12 },
  { title: "SIZE" },
  { title: "AGE" },
];

/** `mosaic image ls`: the images that `mosaic image build` made. */
export async function listImages(context: CommandContext, flags: ListFlags): Promise<void> {
  const { terminal, now } = context;
  const engine = await connectImageEngine(socketOf(context, flags.socket));
  const images = await engine.list(`${LABELS.agent}=1`);
  if (terminal.json) {
    for (const { id, tags, labels, bytes: size, createdAt } of images)
      terminal.jsonLine({ id, tags, base: labels[LABELS.base] ?? null, bytes: size, createdAt });
    return;
  }
  if (images.length === 0) return terminal.say("there are none; mosaic image build makes one");
  const rows = images.map(({ id, tags, labels, bytes: size, createdAt }) => [
    { text: cleanLine(tags.join(", ") || "(no name)") },
    { text: id.slice("sha256:".length, "sha256:".length + 12) },
    { text: cleanLine(labels[LABELS.base] ?? "") },
    { text: bytes(size) },
    { text: age(createdAt, now()) },
  ]);
  terminal.lines(tableLines(COLUMNS, rows, terminal));
}
