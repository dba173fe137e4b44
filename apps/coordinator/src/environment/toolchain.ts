import { type Toolchain, toolchainInImage } from "@mosaic/sandbox";

/** The tools of a sandbox: the host's, or the image's with what is ours. */
export function toolchainFor(toolchain: Toolchain, image: string | undefined): Toolchain {
  return image === undefined ? toolchain : toolchainInImage(toolchain);
}
