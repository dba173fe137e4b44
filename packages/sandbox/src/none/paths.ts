import { existsSync } from "node:fs";
import path from "node:path";
import { SANDBOX_HOME } from "../layout.ts";
import type { Mount, SandboxSpec } from "../port.ts";
import { isWithin } from "../spec-checks.ts";

/** How paths of the inside are found on the host, where nothing can be mounted. */
export interface PathMap {
  /** The sandbox's own folder: private /tmp, home and scratch, and links to what is mounted. */
  readonly root: string;
  /** Mounts that lie in no other. */
  readonly outer: readonly Mount[];
  /** Mounts that lie in another, with the host path where they would be seen. */
  readonly nested: readonly (Mount & { readonly place: string })[];
  /** Host folders of its own. */
  readonly privateFolders: readonly string[];
  /** The host path for an absolute inside path; paths that mean nothing special are themselves. */
  resolve(inside: string): string;
}

export function pathMap(spec: SandboxSpec, root: string): PathMap {
  const mounts = spec.mounts.toSorted((a, b) => a.target.length - b.target.length);
  const isMounted = (inside: string) => mounts.some((mount) => isWithin(inside, mount.target));
  const privateFolders = ["/tmp", SANDBOX_HOME, ...spec.scratch].map((inside) => {
    // Below a mount's link it would lie in the mount's source.
    return [inside, path.join(root, isMounted(inside) ? ".scratch" : "", inside)] as const;
  });
  const hosts = new Map([...privateFolders, ...mounts.map((mount) => [mount.target, mount.source] as const)]);
  const known = [...hosts.keys()].sort((a, b) => b.length - a.length);

  const resolve = (inside: string): string => {
    const prefix = known.find((candidate) => isWithin(inside, candidate));
    if (prefix !== undefined) return (hosts.get(prefix) ?? "") + inside.slice(prefix.length);
    // A folder that only exists because something is mounted in it, such as one on the PATH.
    const isParent = inside !== "/" && known.some((candidate) => isWithin(candidate, inside));
    return isParent && !existsSync(inside) ? path.join(root, inside) : inside;
  };
  const holderOf = (mount: Mount) =>
    mounts.findLast((candidate) => candidate !== mount && isWithin(mount.target, candidate.target));
  return {
    root,
    outer: mounts.filter((mount) => holderOf(mount) === undefined),
    nested: mounts.flatMap((mount) => {
      const holder = holderOf(mount);
      return holder === undefined
        ? []
        : [{ ...mount, place: holder.source + mount.target.slice(holder.target.length) }];
    }),
    privateFolders: privateFolders.map(([, host]) => host),
    resolve,
  };
}

/**
 * A command argument or environment value as it must read on the host: a path, the path of `--option=/path`, or each part
 * of a list `/a:/b`. Paths inside longer texts stay; callers use `Sandbox.resolve` for those.
 */
export function translate(map: PathMap, value: string): string {
  const [, option = "", list = ""] = /^(-[^=/]*=)?(.*)$/s.exec(value) ?? [];
  return (
    option +
    list
      .split(":")
      .map((part) =>
        path.posix.isAbsolute(part) && path.posix.normalize(part) === part ? map.resolve(part) : part,
      )
      .join(":")
  );
}
