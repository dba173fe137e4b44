/** One installed package, as dpkg knows it. */
export interface InstalledPackage {
  readonly name: string;
  /** Names it stands for, its own among them. */
  readonly provides: readonly string[];
  /** Each an alternative of names: any of them will do. */
  readonly needs: readonly (readonly string[])[];
}

/** The fields `parsePackages` reads, for `dpkg-query --showformat`. */
export const PACKAGE_FORMAT = "${Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n";

export function parsePackages(listing: string): readonly InstalledPackage[] {
  return listing
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", provides = "", needs = ""] = line.split("\t");
      return {
        name,
        provides: [name, ...relations(provides).flat()],
        needs: relations(needs),
      };
    });
}

/** `a (>= 1) | b:any, c` as names. */
function relations(field: string): readonly (readonly string[])[] {
  return field
    .split(",")
    .map((relation) => relation.split("|").map((name) => name.trim().replace(/[ :(].*$/s, "")))
    .filter(([first]) => first !== undefined && first !== "");
}

/**
 * The packages with everything they need, as far as it is installed.
 * @param without what is left out with its own needs, although something asks for it
 */
export function closure(
  installed: readonly InstalledPackage[],
  wanted: readonly string[],
  without: RegExp,
): ReadonlySet<string> {
  const byName = new Map<string, InstalledPackage>();
  for (const one of installed) for (const name of one.provides) byName.set(name, byName.get(name) ?? one);
  for (const one of installed) byName.set(one.name, one);
  const found = new Set<string>();
  const waiting = [...wanted];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const one = byName.get(name);
    if (one === undefined || found.has(one.name) || without.test(one.name)) continue;
    found.add(one.name);
    waiting.push(...one.needs.flatMap((names) => names.find((candidate) => byName.has(candidate)) ?? []));
  }
  return found;
}
