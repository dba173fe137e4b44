import { posix } from "node:path";
import { OBJECT_ID_PATTERN } from "@mosaic/domain";
import type { ObjectReader } from "@mosaic/git";
import { readBlob } from "./blobs.ts";
import type { RuleFile } from "./port.ts";
import { entryAt } from "./tree-entry.ts";

/**
 * Reads a file of a commit that decides something; it lies one folder deep. Only a path with nothing at it is absent:
 * what is there and cannot be read, a link or a large file, must not count as no rule.
 */
export async function readRuleFile(
  objects: ObjectReader,
  { commit, path }: { readonly commit: string; readonly path: string },
  maxBytes: number,
): Promise<RuleFile> {
  if (!OBJECT_ID_PATTERN.test(commit)) throw new Error(`'${commit}' is not a commit's id`);
  const folder = posix.dirname(path);
  const above = await entryAt(objects, { commit, path: folder });
  if (above === null) return { kind: "absent" };
  if (above.kind !== "folder") return { kind: "refused", why: `lies behind '${folder}', which is no folder` };
  const entry = await entryAt(objects, { commit, path });
  if (entry === null) return { kind: "absent" };
  if (entry.kind !== "file") return { kind: "refused", why: "is not a regular file" };
  const bytes = await readBlob(objects, entry.objectId, maxBytes);
  return bytes === null
    ? { kind: "refused", why: `is larger than ${maxBytes} bytes` }
    : { kind: "text", text: bytes.toString("utf8") };
}
