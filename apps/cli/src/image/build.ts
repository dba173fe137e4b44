import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { pack } from "tar-stream";
import type { CommandContext } from "../commands/context.ts";
import { CliError, EXIT, usageError } from "../exit.ts";
import { cleanLine } from "../terminal/clean.ts";
import { version } from "../version.ts";
import { connectImageEngine, type EngineImage, type ImageEngine } from "./engine.ts";
import { HOST_ROOT, hostRoot } from "./host-root.ts";
import { LABELS } from "./labels.ts";
import { socketOf } from "./socket.ts";

export interface BuildFlags {
  readonly tag: string;
  readonly base?: string;
  readonly fromHost?: boolean;
  readonly socket?: string;
}

const FOLDER = fileURLToPath(new URL("../../../../deploy/agent/", import.meta.url));
const FILES = ["Dockerfile", "prepare.sh"];
/** As in the Dockerfile. */
const BASE = "node:24-bookworm-slim";
const TAG = /^[a-z0-9][a-z0-9._/-]{0,200}(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$/;

/** What the build begins with. */
interface Base {
  readonly reference: string;
  /** For people, and in the image's label. */
  readonly name: string;
  readonly network: "none" | "default";
  /** Made for this build, and removed after it. */
  readonly temporary: boolean;
}

/** `mosaic image build`: the image of agents and gates, from an image of a registry by its digest, or from this host. */
export async function buildImage(context: CommandContext, flags: BuildFlags): Promise<void> {
  const { terminal } = context;
  if (!TAG.test(flags.tag)) throw usageError(`'${flags.tag}' cannot be an image's name`);
  if (flags.base !== undefined && flags.fromHost === true)
    throw usageError("--base and --from-host are two ways to begin: name one");
  const engine = await connectImageEngine(socketOf(context, flags.socket));
  const base = await chooseBase(context, engine, flags);
  terminal.say(`building ${flags.tag} from ${base.name}`);
  const archive = pack();
  for (const name of FILES) archive.entry({ name, mode: 0o644 }, await readFile(FOLDER + name));
  archive.finalize();
  const labels = { [LABELS.agent]: "1", [LABELS.base]: base.name, [LABELS.version]: version };
  const lines: string[] = [];
  try {
    await engine.build(
      {
        archive: Readable.from(archive, { objectMode: false }),
        tag: flags.tag,
        base: base.reference,
        labels,
        network: base.network,
      },
      (line) => {
        lines.push(cleanLine(line));
        terminal.say(`  ${cleanLine(line)}`);
      },
    );
  } catch (cause) {
    const hints = lines.slice(-10);
    throw new CliError(EXIT.failure, `the image could not be built: ${messageOf(cause)}`, { hints, cause });
  } finally {
    if (base.temporary) await engine.remove(base.reference);
    await engine.removeUnnamed(LABELS.stage);
  }
  const image = await engine.inspect(flags.tag);
  if (image === null) throw new CliError(EXIT.failure, `the engine did not keep the image ${flags.tag}`);
  if (terminal.json)
    return terminal.jsonLine({ tag: flags.tag, id: image.id, base: base.name, bytes: image.bytes });
  terminal.line(flags.tag);
  terminal.say(`check it: mosaic image check ${flags.tag}`);
}

async function chooseBase(context: CommandContext, engine: ImageEngine, flags: BuildFlags): Promise<Base> {
  if (flags.fromHost === true) return await baseFromHost(engine);
  const wanted = flags.base ?? BASE;
  const image = await available(engine, wanted);
  if (image.found !== null) return pinned(wanted, image.found);
  if (flags.base !== undefined)
    throw new CliError(EXIT.failure, `the image ${wanted} cannot be had: ${image.why}`, {
      hints: ["Without a registry: mosaic image build --from-host"],
    });
  context.terminal.warn(`${wanted} cannot be had (${image.why}); using files of this host instead`);
  return await baseFromHost(engine);
}

type Available = { readonly found: EngineImage } | { readonly found: null; readonly why: string };

async function available(engine: ImageEngine, reference: string): Promise<Available> {
  const here = await engine.inspect(reference);
  if (here !== null) return { found: here };
  try {
    await engine.pull(reference);
  } catch (error) {
    return { found: null, why: cleanLine(messageOf(error)) };
  }
  const pulled = await engine.inspect(reference);
  return pulled === null ? { found: null, why: "the engine did not keep it" } : { found: pulled };
}

/** By digest where there is one: a tag may come to mean another image. */
function pinned(wanted: string, { id, digests }: EngineImage): Base {
  const [digest] = digests;
  return digest === undefined
    ? { reference: id, name: `${wanted} (${id.slice(0, 19)})`, network: "default", temporary: false }
    : { reference: digest, name: digest, network: "default", temporary: false };
}

async function baseFromHost(engine: ImageEngine): Promise<Base> {
  const tag = createHash("sha256").update(`${Date.now()} ${process.pid}`).digest("hex").slice(0, 12);
  await engine.import(await hostRoot(process.execPath), { repo: LABELS.hostBase, tag });
  return {
    reference: `${LABELS.hostBase}:${tag}`,
    name: `host (${HOST_ROOT})`,
    network: "none",
    temporary: true,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
