import type { Header, Pack } from "tar-stream";

/** One entry of an archive. Names are bytes. */
export type ArchiveEntry =
  | {
      readonly kind: "file";
      readonly path: Buffer;
      readonly executable: boolean;
      readonly bytes: number;
      readonly content: AsyncIterable<Buffer>;
    }
  | { readonly kind: "link"; readonly path: Buffer; readonly target: Buffer }
  | { readonly kind: "folder"; readonly path: Buffer; readonly gitlink?: string };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const EPOCH = new Date(0);

/** Writes one entry, waiting while the reader is slow. */
export async function packEntry(pack: Pack, entry: ArchiveEntry): Promise<void> {
  const name = namedAs(entry.path);
  const pax: Record<string, string> = name.exact ? {} : { "MOSAIC.path": entry.path.toString("base64") };
  const common = { name: name.text, mtime: EPOCH };
  if (entry.kind === "file") {
    const mode = entry.executable ? 0o755 : 0o644;
    await write(pack, { ...common, type: "file", mode, size: entry.bytes, ...paxOf(pax) }, entry.content);
  } else if (entry.kind === "link") {
    const target = namedAs(entry.target);
    if (!target.exact) pax["MOSAIC.linkpath"] = entry.target.toString("base64");
    await write(pack, { ...common, type: "symlink", linkname: target.text, ...paxOf(pax) }, none());
  } else {
    if (entry.gitlink !== undefined) pax["MOSAIC.gitlink"] = entry.gitlink;
    await write(pack, { ...common, type: "directory", mode: 0o755, ...paxOf(pax) }, none());
  }
}

/** Text of a name; what is no UTF-8 is spelled `%xx`, and then the name goes along in a record of its own. */
function namedAs(bytes: Buffer): { readonly text: string; readonly exact: boolean } {
  try {
    return { text: utf8.decode(bytes), exact: true };
  } catch {
    const text = bytes.toString("latin1").replaceAll(/[^\u0020-\u007e]/g, (char) => {
      return `%${(char.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
    });
    return { text, exact: false };
  }
}

const paxOf = (pax: Record<string, string>): { pax?: Record<string, string> } =>
  Object.keys(pax).length === 0 ? {} : { pax };

async function* none(): AsyncGenerator<Buffer> {
  // Nothing to write.
}

async function write(
  pack: Pack,
  header: Partial<Header> & Pick<Header, "name">,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A reader that goes away while we wait for content is heard of below.
  promise.catch(() => undefined);
  const sink = pack.entry(header, (error) => (error ? reject(error) : resolve()));
  for await (const chunk of content) {
    if (sink.write(chunk)) continue;
    const drained = new Promise<void>((resume) => sink.once("drain", () => resume()));
    await Promise.race([drained, promise]);
  }
  sink.end(null);
  await promise;
}
