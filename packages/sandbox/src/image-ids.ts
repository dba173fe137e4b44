import { EngineError } from "./docker/engine-error.ts";
import { connectEngine } from "./docker/engine.ts";
import { ownImage } from "./docker/own-image.ts";
import { SandboxError } from "./port.ts";

/**
 * What an image's name stands for now: its id, which stays the same image whatever becomes of the name.
 * @throws SandboxError when there is no such image, or nobody to ask; with what to do
 */
export type ImageIds = (reference: string) => Promise<string>;

/** The images of the engine behind a socket. */
export function engineImageIds(socketPath: string): ImageIds {
  return async (reference) => {
    try {
      return (await ownImage(await connectEngine(socketPath), reference)).id;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new SandboxError(error.message, { cause: error });
    }
  };
}

/** Of a sandbox whose inside is the host's own programs. */
export const noImageIds: ImageIds = async (reference) =>
  await Promise.reject(new SandboxError(`the sandbox here has no images, so '${reference}' is none`));
