import { shellQuote } from "./gate-command.ts";

/** `scripts` of a package.json, name → text. */
export type Scripts = Readonly<Record<string, string>>;

export interface NodeManifest {
  readonly scripts: Scripts;
  readonly dependencies: ReadonlySet<string>;
  readonly packageManager: string | null;
  readonly name: string;
  readonly version: string;
}

/** What a package.json says, as far as gates need it; null when it is not one. */
export function parseManifest(text: string | null): NodeManifest | null {
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const manifest = value as Record<string, unknown>;
  const string = (key: string) => (typeof manifest[key] === "string" ? manifest[key] : "");
  return {
    scripts: stringEntries(manifest["scripts"]),
    dependencies: new Set(
      ["dependencies", "devDependencies", "optionalDependencies"].flatMap((key) =>
        Object.keys(stringEntries(manifest[key])),
      ),
    ),
    packageManager: string("packageManager") || null,
    name: string("name"),
    version: string("version"),
  };
}

function stringEntries(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}

/** npm's own placeholder (`npm init`): a script that says there is no test. */
export function isPlaceholder(text: string): boolean {
  return text.trim() === "" || /no test specified/i.test(text);
}

/** The script with its `pre` and `post` scripts, in the order npm runs them. */
export function scriptChain(scripts: Scripts, name: string): readonly string[] {
  return [`pre${name}`, name, `post${name}`].filter((part) => (scripts[part] ?? "").trim() !== "");
}

/** The names of every script in the harness; others cannot be file names or shell words. */
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,99}$/;

/** The shell word for a script's runner in a gate; null for a name that cannot have one. */
export function scriptRunner(name: string): string | null {
  return SAFE_NAME.test(name) ? `"$MOSAIC_HARNESS/scripts/${name}"` : null;
}

/**
 * One file per script of the base commit, and `npm`, `pnpm`, `yarn` commands that run those files. So a gate runs
 * the base's text of its script and of every script that one calls, whatever the commit under test made of its
 * package.json, while the tree itself stays exactly the commit's.
 */
export function scriptHarness(manifest: NodeManifest): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const name of Object.keys(manifest.scripts)) {
    if (SAFE_NAME.test(name)) files.set(`scripts/${name}`, runnerText(manifest, name));
  }
  for (const manager of ["npm", "pnpm", "yarn"]) files.set(`bin/${manager}`, managerText(manager));
  return files;
}

/** As npm does it: each part by its own `sh -c`, arguments go to the script itself, the first failure ends it. */
function runnerText(manifest: NodeManifest, name: string): string {
  const lines = [
    `export npm_package_name=${shellQuote(manifest.name)} npm_package_version=${shellQuote(manifest.version)}`,
    `export INIT_CWD="$PWD" npm_package_json="$PWD/package.json" npm_execpath="$MOSAIC_HARNESS/bin/npm"`,
  ];
  for (const part of scriptChain(manifest.scripts, name)) {
    const text = manifest.scripts[part] ?? "";
    const given = part === name ? ` "$@"` : "";
    const environment = `npm_lifecycle_event=${shellQuote(part)} npm_lifecycle_script=${shellQuote(text)}`;
    lines.push(`${environment} sh -c ${shellQuote(text + given)} sh${given} || exit $?`);
  }
  return `${lines.join("\n")}\n`;
}

/** Words that change how npm prints, not what it runs. */
const QUIET = "-s | --silent | --if-present";

/**
 * Stands in front of a package manager: `run NAME` in the root runs the base's script, all else is the real one.
 * npm keeps flags after the name for itself (`npm test --workspaces`), pnpm and yarn hand them to the script.
 */
function managerText(manager: string): string {
  const isNpm = manager === "npm";
  return `#!/bin/sh
real() {
  program=$(PATH=\${PATH##*"$MOSAIC_HARNESS/bin:"} && command -v ${manager}) || {
    echo "${manager} is not installed in the gates' toolchain" >&2
    exit 127
  }
  exec "$program" "$@"
}
find_script() {
  name= used=1
  while :; do case "\${1-}" in ${QUIET}) used=$((used + 1)) && shift ;; *) break ;; esac; done
  [ $# -gt 0 ] || return 0
  case "$1" in
  run | run-script)
    used=$((used + 1)) && shift
    while :; do case "\${1-}" in ${QUIET}) used=$((used + 1)) && shift ;; *) break ;; esac; done
    name=\${1-} ;;
  test | t | tst) name=test ;;
  start | stop | restart) name=$1 ;;
  ${isNpm ? "*) return ;;" : "*) name=$1 ;;"}
  esac
  [ $# -eq 0 ] || shift${isNpm ? NPM_FLAGS : ""}
  return 0
}
find_script "$@"
case "$name" in "" | -* | .* | */*) real "$@" ;; esac
[ "$PWD" = "$MOSAIC_TREE" ] && [ -f "$MOSAIC_HARNESS/scripts/$name" ] || real "$@"
shift $used
while :; do case "\${1-}" in ${QUIET}) shift ;; *) break ;; esac; done
[ "\${1-}" != -- ] || shift
exec sh "$MOSAIC_HARNESS/scripts/$name" "$@"
`;
}

const NPM_FLAGS = `
  for word in "$@"; do
    case "$word" in
    --) return 0 ;;
    ${QUIET}) ;;
    -*) name= ;;
    esac
  done`;
