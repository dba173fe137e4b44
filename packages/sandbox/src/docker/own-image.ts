import { SandboxError } from "../port.ts";
import type { Engine } from "./engine.ts";
import type { UsedImage } from "./settings.ts";

/** A name, with a registry, a tag or a digest where wanted; or an id. It becomes part of a path of the engine's API. */
const REFERENCE = /^[a-z0-9][A-Za-z0-9_.:/@-]{0,254}$/;

/**
 * The image that a specification names, as the engine has it now: its id is what is used, whatever the name stands for
 * later.
 *
 * @throws SandboxError when the engine has no such image: none is fetched here
 */
export async function ownImage(engine: Engine, reference: string): Promise<UsedImage> {
  if (!REFERENCE.test(reference) || reference.includes(".."))
    throw new SandboxError(`'${reference}' is no name of an image`);
  const image = await engine.image(reference);
  if (image === null)
    throw new SandboxError(
      `the engine has no image '${reference}'; build it (mosaic image build) or fetch it (docker pull ${reference}, or podman pull)`,
    );
  const { Volumes, Env } = image.Config ?? {};
  return { id: image.Id, own: true, volumes: Object.keys(Volumes ?? {}), env: Env ?? [] };
}
