import { resolve } from "node:path";
import { importInstallation } from "@mosaic/store/transfer";
import type { CommandContext } from "../commands/context.ts";
import { contentsJson, contentsLines } from "./contents-lines.ts";
import { mover } from "./mover.ts";
import { readPlace } from "./place.ts";
import { told } from "./told.ts";

/** `mosaic db import`: a file of an installation into empty servers, or an empty data folder. */
export async function importCommand(context: CommandContext, path: string): Promise<void> {
  const { terminal, signal, now, cwd } = context;
  const { place, name } = await readPlace(context);
  terminal.say(`writing into ${name}`);
  const file = resolve(cwd, path);
  const contents = await told(importInstallation(place, { ...mover(now), file, signal }));
  if (terminal.json) return terminal.jsonLine({ file, into: name, same: true, ...contentsJson(contents) });
  terminal.lines(contentsLines(contents));
  terminal.say(
    "all of it was read back there: the numbers and the digest of every kind are those of the file",
  );
}
