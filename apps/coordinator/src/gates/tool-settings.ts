import type { Gate } from "@mosaic/domain";
import { posix } from "node:path";
import type { CommitTree } from "../checkout/read-commit.ts";

/** Files that tell a gate's tool what to look at, and how sternly. */
const TESTS =
  /^(?:vitest|vite|jest|karma|ava|playwright|cypress|babel|wallaby)\.(?:config|workspace|setup)\.\w+$|^\.?mocharc(?:\.\w+)?$|^\.babelrc(?:\.\w+)?$|^conftest\.py$|^pytest\.ini$|^\.pytest\.ini$|^tox\.ini$|^setup\.cfg$|^pyproject\.toml$|^node\.config\.json$|^nextest\.toml$/;
const SETTINGS: Readonly<Record<Exclude<Gate, "review">, readonly RegExp[]>> = {
  typecheck: [
    /^tsconfig(?:\.[\w-]+)?\.json$/,
    /^\.?mypy\.ini$|^pyrightconfig\.json$|^pyproject\.toml$|^setup\.cfg$/,
  ],
  lint: [
    /^\.?(?:eslint|stylelint|prettier|oxlint|xo)(?:rc|ignore|\.config)?(?:\.\w+)?$|^biome\.jsonc?$|^\.oxlintrc\.json$/,
    /^\.?ruff\.toml$|^\.flake8$|^\.pylintrc$|^pyproject\.toml$|^setup\.cfg$|^\.golangci\.\w+$|^\.?clippy\.toml$/,
  ],
  tests: [TESTS],
  coverage: [TESTS, /^\.(?:nyc|c8|istanbul)rc(?:\.\w+)?$|^nyc\.config\.\w+$|^\.coveragerc$/],
  build: [/^(?:vite|rollup|webpack|rolldown|rspack|next|nuxt|astro)\.config\.\w+$|^build\.rs$/],
  integration: [TESTS],
};
const NAMED = 20;

/**
 * Settings of a gate's tool that the commit adds, changes or removes. Nothing keeps an agent from weakening these, and
 * often it is asked to change them: people are told.
 */
export function settingChanges(gate: Gate, base: CommitTree, commit: CommitTree): readonly string[] {
  if (gate === "review") return [];
  const patterns = SETTINGS[gate];
  const changed = [...new Set([...base.paths, ...commit.paths, ...commit.links])].filter((path) => {
    const name = posix.basename(path);
    const isSetting = patterns.some((pattern) => pattern.test(name));
    return isSetting && (base.blobs.get(path) !== commit.blobs.get(path) || commit.links.has(path));
  });
  return changed.length <= NAMED ? changed : [...changed.slice(0, NAMED), "…"];
}
