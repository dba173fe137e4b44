import { INSIDE_ROOT } from "../layout.ts";
import { isWithin } from "../spec-checks.ts";
import type { Toolchain } from "./mounts.ts";

/** Where images of Linux distributions keep programs; the image's own come first. */
const IMAGE_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** Where the official images of Go and Rust keep theirs. */
const LANGUAGE_PATH = ["/usr/local/go/bin", "/usr/local/cargo/bin"];

/**
 * The toolchain beside an image: our own node, for our own programs, and the package managers; every other program is
 * the image's. A folder of the host mounted over the image's files would mix two systems.
 */
export function toolchainInImage({ mounts, path, node }: Toolchain): Toolchain {
  const own = path.split(":").filter((folder) => isWithin(folder, INSIDE_ROOT));
  return {
    mounts: mounts.filter(({ target }) => isWithin(target, INSIDE_ROOT)),
    path: [...IMAGE_PATH, ...LANGUAGE_PATH, ...own].join(":"),
    node,
  };
}
