import { createHash } from "node:crypto";
import { readdirSync, realpathSync } from "node:fs";
import { pack } from "tar-stream";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { ACCOUNT_FILES, hostFiles, systemFolders } from "../bubblewrap/files.ts";
import { SANDBOX_HOME } from "../layout.ts";
import type { Mount } from "../port.ts";
import { SandboxError } from "../port.ts";
import type { Engine } from "./engine.ts";
import type { UsedImage, User } from "./settings.ts";

/** Name of the image that holds nothing but places for the host's programs. */
const REPOSITORY = "mosaic/host-tools";

/**
 * Docker mounts its init here, which must not end up in the host's /usr: it is a folder of links, not a link to a folder.
 */
const SBIN = "/sbin";
const ENGINE_INIT = "docker-init";

/** Folders that are there, empty, whatever is mounted. */
const FOLDERS = [
  "dev",
  "etc",
  "opt",
  "proc",
  "run",
  "sbin",
  "sys",
  "tmp",
  "usr",
  "var",
  "home",
  SANDBOX_HOME.slice(1),
];

/**
 * The image for sandboxes that use the host's programs: a few kilobytes of empty folders, links and account files, made
 * here and named by its content, so that no registry is needed. It is made when the engine has none.
 */
export async function hostToolsImage(engine: Engine, user: User): Promise<UsedImage> {
  const archive = await buffer(archiveFor(user));
  const tag = createHash("sha256").update(archive).digest("hex").slice(0, 16);
  const reference = `${REPOSITORY}:${tag}`;
  const found = await engine.image(reference);
  if (found === null) await engine.importImage(Readable.from([archive]), { repo: reference });
  const image = found ?? (await engine.image(reference));
  if (image === null) throw new SandboxError(`the engine did not keep the image ${reference} it was given`);
  return { id: image.Id, own: false, volumes: [], env: image.Config?.Env ?? [] };
}

/** What of the host is seen inside, read-only: its programs, and of /etc what they need to run. */
export function hostToolsMounts(): readonly Mount[] {
  const folders = systemFolders().filter(({ folder, link }) => link === null && folder !== SBIN);
  const paths = ["/usr", ...folders.map(({ folder }) => folder), ...hostFiles()];
  return paths.map((target) => ({ source: realpathSync(target), target, writable: false }));
}

/** The same bytes for the same content: the tag depends on it. */
function archiveFor({ uid, gid }: User): AsyncIterable<unknown> {
  const archive = pack();
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  const folder = (name: string, mode: number): void =>
    void archive.entry({ ...common, name, type: "directory", mode });
  const file = (name: string, content: string): void =>
    void archive.entry({ ...common, name, mode: 0o444 }, content);
  const link = (name: string, linkname: string): void =>
    void archive.entry({ ...common, name, type: "symlink", linkname });
  for (const name of FOLDERS) folder(name, name === "tmp" ? 0o1777 : 0o755);
  for (const name of readdirSync("/usr/sbin")
    .filter((candidate) => candidate !== ENGINE_INIT)
    .sort())
    link(`${SBIN.slice(1)}/${name}`, `/usr/sbin/${name}`);
  for (const found of systemFolders().filter((candidate) => candidate.folder !== SBIN)) {
    if (found.link === null) folder(found.folder.slice(1), 0o755);
    else link(found.folder.slice(1), found.link);
  }
  link("var/tmp", "/tmp");
  for (const [name, content] of Object.entries(ACCOUNT_FILES)) {
    file(
      name.slice(1),
      content.replace(":1000:1000:", `:${uid}:${gid}:`).replace("mosaic:x:1000:", `mosaic:x:${gid}:`),
    );
  }
  archive.finalize();
  return archive;
}
