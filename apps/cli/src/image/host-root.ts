import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { pack, type Pack } from "tar-stream";
import { CliError, EXIT } from "../exit.ts";
import { closure, PACKAGE_FORMAT, parsePackages } from "./packages.ts";

const run = promisify(execFile);

/** A shell, the usual small programs, git, certificates: what agents use everywhere. Node comes from this process. */
const PACKAGES = (
  "base-files bash bzip2 ca-certificates coreutils curl dash diffutils file findutils gawk git grep gzip " +
  "hostname jq less libc-bin libstdc++6 make mawk openssl patch procps ripgrep sed tar unzip util-linux xz-utils zip"
).split(" ");

/** Needed by parts that agents do not use (git's mail and Subversion, packages' own setup), or by nothing that runs. */
const WITHOUT =
  /^(?:perl|libperl|liberror-perl|git-man|debconf|dpkg|login|passwd|libpam|openssh|systemd|libsystemd-shared|tzdata|sensible-utils|init-system-helpers|cdebconf|adduser)/;

/** Of /etc only what programs need and what is the same everywhere: settings of a host are its owner's. */
const FROM_ETC =
  /^\/etc\/(?:alternatives\/|ca-certificates|ld\.so\.conf|os-release$|debian_version$|bash\.bashrc$|profile$|ssl\/(?:certs|openssl\.cnf)|terminfo\/)/;
const NOT_NEEDED =
  /^\/usr\/(?:share\/(?:doc|doc-base|man|info|locale|lintian|bug|bash-completion|git-core\/contrib|gitweb)\/|lib\/systemd\/)/;

const ACCOUNTS: Readonly<Record<string, string>> = {
  "etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\nmosaic:x:1000:1000::/home/mosaic:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nmosaic:x:1000:\nnogroup:x:65534:\n",
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
};
const FOLDERS = [
  "tmp",
  "var/tmp",
  "root",
  "home",
  "opt",
  "run",
  "proc",
  "sys",
  "dev",
  "etc",
  "var",
  "var/log",
  "tree",
];
const STICKY = 0o1777;

/** What is taken of this host, for people. */
export const HOST_ROOT = "Debian packages of this host, and its Node";

/**
 * A root file system of this host's own programs, as a tar archive: where there is no registry to take one from. Only
 * files of packages go in, never a setting, a home or anything that nobody packaged.
 * @throws CliError on a host without dpkg
 */
export async function hostRoot(nodePath: string): Promise<Readable> {
  const files = await packagedFiles();
  const archive = pack();
  writeRoot(archive, files, nodePath).catch((error: unknown) => archive.destroy(error as Error));
  return Readable.from(archive, { objectMode: false });
}

async function packagedFiles(): Promise<readonly string[]> {
  try {
    const options = { maxBuffer: 64 * 1024 * 1024, env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } };
    const { stdout } = await run("dpkg-query", ["-W", "-f", PACKAGE_FORMAT], options);
    const names = closure(parsePackages(stdout), PACKAGES, WITHOUT);
    const listed = await run("dpkg-query", ["-L", ...names], options);
    const paths = listed.stdout.split("\n").filter((path) => path.startsWith("/") && path !== "/.");
    const packaged = new Set(paths);
    const links = await alternatives(packaged);
    const certificates = await namesIn("/etc/ssl/certs");
    return [...new Set([...packaged, ...links, ...certificates])].filter(isWanted).sort();
  } catch (cause) {
    const hints = ["On other hosts, name an image to begin with: --base <image>."];
    throw new CliError(
      EXIT.failure,
      "an image from this host's files needs a Debian or Ubuntu host (dpkg-query)",
      {
        hints,
        cause,
      },
    );
  }
}

const isWanted = (path: string): boolean =>
  !NOT_NEEDED.test(path) && (!path.startsWith("/etc/") || FROM_ETC.test(path));

/** Links that no package owns, such as awk: those that lead to something that comes along. */
async function alternatives(packaged: ReadonlySet<string>): Promise<readonly string[]> {
  const found = await Promise.all(
    (await namesIn("/etc/alternatives")).map(async (link) => {
      const target = await realpath(link).catch(() => "");
      return packaged.has(target) ? [link, `/usr/bin/${basename(link)}`] : [];
    }),
  );
  return found.flat();
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.map((name) => join(folder, name));
}

async function writeRoot(archive: Pack, files: readonly string[], nodePath: string): Promise<void> {
  const written = new Set<string>();
  const folder = (name: string, mode = 0o755): void => {
    if (name === "" || name === "." || written.has(name)) return;
    folder(dirname(name));
    written.add(name);
    archive.entry({ ...ROOTS, name: `${name}/`, type: "directory", mode });
  };
  for (const name of FOLDERS) folder(name, name.endsWith("tmp") ? STICKY : 0o755);
  for (const name of ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]) {
    const target = await readlink(`/${name}`).catch(() => null);
    if (target !== null) archive.entry({ ...ROOTS, name, type: "symlink", linkname: target });
    if (target !== null) folder(target.replace(/^\//, ""));
    written.add(name);
  }
  for (const [name, content] of Object.entries(ACCOUNTS))
    archive.entry({ ...ROOTS, name, mode: 0o644 }, content);
  for (const file of files) await add(archive, file, { written, folder });
  folder("usr/local/bin");
  await copy(archive, { from: nodePath, name: "usr/local/bin/node", mode: 0o755 });
  archive.finalize();
}

/** Root's, at no time: the same files make the same archive. */
const ROOTS = { uid: 0, gid: 0, mtime: new Date(0) };

interface Writing {
  readonly written: Set<string>;
  readonly folder: (name: string) => void;
}

async function add(archive: Pack, file: string, { written, folder }: Writing): Promise<void> {
  // Packages name /bin/sh, which is /usr/bin/sh where the two are one.
  const above = await realpath(dirname(file)).catch(() => null);
  const stats = await lstat(file).catch(() => null);
  if (above === null || stats === null) return;
  const name = join(above, basename(file)).slice(1);
  if (written.has(name) || stats.isDirectory()) return;
  folder(dirname(name));
  written.add(name);
  if (stats.isSymbolicLink()) {
    archive.entry({ ...ROOTS, name, type: "symlink", linkname: await readlink(file) });
  } else if (stats.isFile()) {
    // Nobody becomes another user in a sandbox, and nobody writes to programs.
    await copy(archive, { from: file, name, mode: stats.mode & 0o755 });
  }
}

async function copy(
  archive: Pack,
  { from, name, mode }: { readonly from: string; readonly name: string; readonly mode: number },
): Promise<void> {
  const { size } = await lstat(await realpath(from));
  const entry = archive.entry({ ...ROOTS, name, mode, size });
  await pipeline(createReadStream(from, { end: Math.max(0, size - 1) }), entry);
}
