import { lintSource } from "@secretlint/core";
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import { isPlaceholder } from "./placeholder.ts";
import type { Engine } from "./port.ts";

const PREFIX = "@secretlint/secretlint-rule-";
/** After every rule of ours. */
const RANK = 20_000;

/**
 * Rules of the preset that are left out. `filter-comments` would let a file switch rules off. The others report
 * every URL with a password, those of examples and local databases too, and everything that begins like a token of Slack;
 * our own rules tell these apart.
 */
const LEFT_OUT = new Set(
  ["filter-comments", "basicauth", "database-connection-string", "slack"].map((name) => `${PREFIX}${name}`),
);

const OPTIONS: Readonly<Record<string, object>> = {
  // Off by default: an id alone opens nothing, but shows that its secret is near.
  [`${PREFIX}aws`]: { enableIDScanRule: true },
};

const config = {
  rules: rules
    .filter(({ meta }) => !LEFT_OUT.has(meta.id))
    .map((rule) => ({ id: rule.meta.id, rule, options: OPTIONS[rule.meta.id] ?? {} })),
};

/**
 * secretlint's recommended rules, configured here and nowhere else: it looks for no configuration in any folder. Its
 * patterns are the engine's own, not all linear; run it where it can be stopped (see `createFileScanner`).
 */
export const secretlint: Engine = async (path, text) => {
  const { messages } = await lintSource({
    source: {
      content: text,
      filePath: path === "" ? "text" : path,
      ext: extensionOf(path),
      contentType: "text",
    },
    options: { config, maskSecrets: true, noPhysicFilePath: true },
  });
  return messages
    .map(({ ruleId, range: [start, end] }) => ({ rule: nameOf(ruleId), rank: RANK, start, end }))
    .filter(({ start, end }) => !isPlaceholder(text.slice(start, end)));
};

function nameOf(ruleId: string): string {
  return `secretlint:${ruleId.slice(PREFIX.length)}`;
}

function extensionOf(path: string): string {
  return /\.[A-Za-z0-9]{1,20}$/.exec(path)?.[0] ?? "";
}
