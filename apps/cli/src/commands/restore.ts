import { ApiError, InvalidResponseError, UnreachableError } from "@mosaic/client";
import type { AgentSalvage, SalvagedWork } from "@mosaic/contracts";
import { resolve } from "node:path";
import { findAgentId, readAgentId } from "../connect/find-agent.ts";
import { CliError, EXIT } from "../exit.ts";
import { isAbort } from "../connect/explain.ts";
import { salvageLines } from "../render/salvage-lines.ts";
import { bytes, count, short } from "../render/units.ts";
import { checkTarget, restoreInto } from "../restore/restore-into.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { CommandContext } from "./context.ts";

export interface RestoreFlags {
  readonly to?: string;
  readonly snapshot?: number;
  readonly ref?: string;
  readonly list?: boolean;
}

/** `mosaic restore`: an agent's saved files into a new folder, proven to be what was saved. */
export async function restore(context: CommandContext, id: string, flags: RestoreFlags): Promise<void> {
  const { terminal, signal } = context;
  const wanted = readAgentId(id);
  const client = await context.connect();
  const agentId = await findAgentId(client, wanted, signal);
  const salvage = await client.call("getAgentSalvage", { params: { agentId } }, { signal });
  if (flags.list === true) {
    if (terminal.json) return terminal.jsonLine(salvage);
    return terminal.lines(salvageLines(salvage));
  }
  const chosen = choose(salvage, flags);
  const target = resolve(context.cwd, flags.to ?? `mosaic-restore-${short(agentId)}`);
  await checkTarget(target);
  const archive = await client.download(
    "downloadAgentSalvage",
    { params: { agentId }, query: { ref: chosen.ref } },
    { signal },
  );
  const options = { tree: chosen.tree, suffix: context.randomText(), signal };
  const unpacked = await restoreInto(target, archive, options).catch((error: unknown) => {
    const known = [CliError, ApiError, InvalidResponseError, UnreachableError].some(
      (kind) => error instanceof kind,
    );
    if (known || isAbort(error) || !(error instanceof Error)) throw error;
    throw new CliError(EXIT.failure, `nothing was restored: ${cleanLine(error.message)}`, { cause: error });
  });
  const files = unpacked.files.length + unpacked.links.length;
  if (terminal.json) {
    const { ref, kind, commit, tree } = chosen;
    return terminal.jsonLine({
      agentId,
      ref,
      kind,
      commit,
      tree,
      path: target,
      files,
      bytes: unpacked.bytes,
    });
  }
  terminal.line(target);
  terminal.say(`${count(files, "file")}, ${bytes(unpacked.bytes)}, of ${cleanLine(chosen.ref)}`);
  if (chosen.tree !== null) terminal.say(`every byte was compared with git's id of the tree, ${chosen.tree}`);
  else
    terminal.warn(
      `no commit could be made of these files; nested .git folders and devices are left out, and lie in the server's data folder under ${cleanLine(chosen.ref)}`,
    );
}

function choose({ agentId, items }: AgentSalvage, { snapshot, ref }: RestoreFlags): SalvagedWork {
  const named = snapshot === undefined ? ref : `refs/mosaic/agents/${agentId}/snapshots/${snapshot}`;
  const chosen = named === undefined ? items[0] : items.find((item) => item.ref === named);
  if (chosen !== undefined) return chosen;
  if (items.length === 0) {
    throw new CliError(EXIT.failure, `nothing was saved of agent ${agentId}`, {
      hints: [
        "It changed nothing, still works on its first turn, or was let go of after MOSAIC_SALVAGE_MAX_AGE_DAYS.",
      ],
    });
  }
  throw new CliError(EXIT.failure, `agent ${agentId} has no ${cleanLine(named ?? "")}`, {
    hints: [`\`mosaic restore ${short(agentId)} --list\` shows what there is.`],
  });
}
