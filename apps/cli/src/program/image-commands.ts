import type { Command } from "commander";
import type { BuildFlags } from "../image/build.ts";
import type { CheckFlags } from "../image/check.ts";
import type { ListFlags } from "../image/list.ts";
import { type Act, examples } from "./act.ts";

const SOCKET = "the engine's socket (default: DOCKER_SOCKET, DOCKER_HOST, /var/run/docker.sock)";

/** Images for the sandboxes of agents and gates. The engine's client is loaded only when it is wanted. */
export function addImageCommands(program: Command, act: Act): void {
  const image = program
    .command("image")
    .description("make, list and check the images that agents and gates run in")
    .addHelpText(
      "before",
      examples(
        "mosaic image build",
        "mosaic image build --base node:24-bookworm-slim --tag mosaic-agent:latest",
        "mosaic image build --from-host",
        "mosaic image check mosaic-agent:latest",
      ),
    );
  image
    .command("build")
    .description(
      "make the image from one of a registry, by its digest, or without one from this host's own files",
    )
    .option("--tag <name>", "what it is called", "mosaic-agent:latest")
    .option("--base <image>", "what it begins with: Node 22 or newer (default: node:24-bookworm-slim)")
    .option("--from-host", "begin with programs of this host (Debian, Ubuntu): no registry is asked")
    .option("--socket <path>", SOCKET)
    .action(
      act(async (context, flags: BuildFlags) =>
        (await import("../image/build.ts")).buildImage(context, flags),
      ),
    );
  image
    .command("ls")
    .description("list the images that were made so")
    .option("--socket <path>", SOCKET)
    .action(
      act(async (context, flags: ListFlags) => (await import("../image/list.ts")).listImages(context, flags)),
    );
  image
    .command("check <image>")
    .description(
      "look for what an image must not have: root, setuid programs, open files, secrets; exit code 1 then",
    )
    .option("--socket <path>", SOCKET)
    .action(
      act(async (context, tag: string, flags: CheckFlags) =>
        (await import("../image/check.ts")).checkImage(context, tag, flags),
      ),
    );
}
