import { constants } from "node:fs";
import { lstat, open, rm } from "node:fs/promises";
import { join } from "node:path";

export type UntrustedRead =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent" }
  /** Something is there that must not be read; `why` completes "it …". */
  | { readonly kind: "refused"; readonly why: string };

/** Splits a path relative to a tree. Null for what could lead out of the tree. */
export function treeSegments(path: string): readonly string[] | null {
  const segments = path.split("/");
  const unsafe = segments.some((part) => part === "" || part === "." || part === ".." || part.includes("\0"));
  return unsafe ? null : segments;
}

/**
 * Reads a file that untrusted code wrote into `root`. No symbolic link is followed, neither at the end nor on the
 * way: links point where they like. Every process that could swap a folder for a link must be dead by now.
 */
export async function readUntrusted(root: string, path: string, maxBytes: number): Promise<UntrustedRead> {
  const place = await locate(root, path);
  if (place.kind !== "found") return place;
  // O_NONBLOCK: opening a fifo that nobody writes to would wait for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(place.path, flags);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return { kind: "refused", why: "is not a regular file" };
    if (stats.size > maxBytes) return { kind: "refused", why: `is larger than ${maxBytes} bytes` };
    const buffer = Buffer.alloc(stats.size);
    const { bytesRead } = await file.read(buffer, 0, stats.size, 0);
    return { kind: "text", text: buffer.toString("utf8", 0, bytesRead) };
  } finally {
    await file.close();
  }
}

/** Removes a file or folder below `root` without following a link: a link itself is removed, its target never. */
export async function removeUntrusted(root: string, path: string): Promise<void> {
  const segments = treeSegments(path);
  if (!segments) return;
  const parent = await locate(root, segments.slice(0, -1).join("/"));
  if (segments.length > 1 && parent.kind !== "found") return;
  await rm(join(root, path), { recursive: true, force: true });
}

type Location =
  | { readonly kind: "found"; readonly path: string }
  | Exclude<UntrustedRead, { readonly kind: "text" }>;

async function locate(root: string, path: string): Promise<Location> {
  const segments = treeSegments(path);
  if (!segments) return { kind: "refused", why: "is not a path inside the tree" };
  let current = root;
  for (const [index, segment] of segments.entries()) {
    current = join(current, segment);
    const stats = await lstat(current).catch(absent);
    if (!stats) return { kind: "absent" };
    if (stats.isSymbolicLink()) return { kind: "refused", why: "is or lies behind a symbolic link" };
    const isLast = index === segments.length - 1;
    if (!isLast && !stats.isDirectory()) return { kind: "absent" };
    if (isLast && !stats.isFile() && !stats.isDirectory()) {
      return { kind: "refused", why: "is not a regular file" };
    }
  }
  return { kind: "found", path: current };
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
}
