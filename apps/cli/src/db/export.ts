import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exportInstallation } from "@mosaic/store/transfer";
import type { CommandContext } from "../commands/context.ts";
import { contentsJson, contentsLines } from "./contents-lines.ts";
import { mover } from "./mover.ts";
import { readPlace } from "./place.ts";
import { told } from "./told.ts";

export interface ExportFlags {
  readonly to?: string;
}

/** `mosaic db export`: an installation that does not run, as one file. */
export async function exportCommand(context: CommandContext, { to }: ExportFlags): Promise<void> {
  const { terminal, signal, now, cwd } = context;
  const { place, name } = await readPlace(context);
  terminal.say(`reading ${name}`);
  const who = mover(now);
  if (to !== undefined) {
    const file = resolve(cwd, to);
    const contents = await told(exportInstallation(place, { ...who, file, signal }));
    if (terminal.json) return terminal.jsonLine({ file, from: contents.from, ...contentsJson(contents) });
    terminal.line(file);
    for (const line of contentsLines(contents)) terminal.say(line);
    return terminal.say("keep it as safe as the data folder: it has every task, and hashes of the tokens");
  }
  const folder = await mkdtemp(join(tmpdir(), "mosaic-export-"));
  try {
    const file = join(folder, "installation.jsonl");
    const contents = await told(exportInstallation(place, { ...who, file, signal }));
    for await (const text of createReadStream(file, "utf8")) terminal.raw(String(text));
    for (const line of contentsLines(contents)) terminal.say(line);
  } finally {
    await rm(folder, { recursive: true });
  }
}
