import path from "node:path";
import type { Controller } from "./controllers.ts";

/** A folder in which groups of one controller may be made. */
export interface Place {
  readonly controller: Controller;
  readonly version: 1 | 2;
  readonly parent: string;
}

/**
 * Where groups of a controller could be made, best first: below our own group, else at the top of its hierarchy
 * (version 1), or beside our own group (version 2).
 *
 * @param root where control groups are mounted
 * @param membership the text of /proc/self/cgroup
 */
export function placesFor(controller: Controller, root: string, membership: string): readonly Place[] {
  const own = ownGroups(membership);
  const first = [own.get(controller) ?? "/", "/"].map((folder) => path.join(root, controller, folder));
  const unified = path.join(root, own.get("") ?? "/");
  const second = [unified, path.dirname(unified)];
  return [
    ...first.map((parent): Place => ({ controller, version: 1, parent })),
    ...second.map((parent): Place => ({ controller, version: 2, parent })),
  ].filter(({ parent }) => parent === root || parent.startsWith(`${root}/`));
}

/** Our own group in each hierarchy, by controller; that of version 2 has no name. */
function ownGroups(membership: string): ReadonlyMap<string, string> {
  return new Map(
    membership
      .split("\n")
      .map((line) => line.split(":"))
      .filter((parts) => parts.length >= 3)
      .flatMap(([, controllers = "", ...rest]) =>
        controllers.split(",").map((name) => [name, rest.join(":")] as const),
      ),
  );
}
