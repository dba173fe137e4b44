import { FILE_NAME_RULES } from "./file-names.ts";
import type { Rule } from "./rule.ts";
import { ANTHROPIC_RULES } from "./rules/anthropic.ts";
import { AZURE_KEY_RULES } from "./rules/azure-keys.ts";
import { BUILD_TOOL_RULES } from "./rules/build-tools.ts";
import { CLOUD_RULES } from "./rules/cloud.ts";
import { CODE_HOST_RULES } from "./rules/code-hosts.ts";
import { COMMERCE_RULES } from "./rules/commerce.ts";
import { GENERIC_RULES } from "./rules/generic.ts";
import { KEY_RULES } from "./rules/keys.ts";
import { MESSAGING_RULES } from "./rules/messaging.ts";
import { MODEL_VENDOR_RULES } from "./rules/model-vendors.ts";
import { OBSERVABILITY_RULES } from "./rules/observability.ts";
import { PLATFORM_RULES } from "./rules/platforms.ts";
import { WORK_TOOL_RULES } from "./rules/work-tools.ts";

export interface RuleInfo {
  readonly id: string;
  readonly description: string;
}

/** The built-in content rules; where two match the same place, the earlier one names it. */
export const CONTENT_RULES: readonly Rule[] = [
  ...MODEL_VENDOR_RULES,
  ...ANTHROPIC_RULES,
  ...CLOUD_RULES,
  ...CODE_HOST_RULES,
  ...MESSAGING_RULES,
  ...AZURE_KEY_RULES,
  ...PLATFORM_RULES,
  ...BUILD_TOOL_RULES,
  ...OBSERVABILITY_RULES,
  ...WORK_TOOL_RULES,
  ...COMMERCE_RULES,
  ...KEY_RULES,
  ...GENERIC_RULES,
];

/** The file could not be scanned completely. */
export const UNSCANNABLE = "unscannable";

/** Id and description of everything a finding may name, for documentation and messages. */
export const RULES: readonly RuleInfo[] = [
  ...CONTENT_RULES.map(({ id, description }) => ({ id, description })),
  ...FILE_NAME_RULES.map(({ id, description }) => ({ id, description })),
  { id: "secretlint:<name>", description: "A rule of secretlint's preset; files only" },
  { id: "known:<name>", description: "A value this instance holds itself, plain or encoded" },
  { id: UNSCANNABLE, description: "Unreadable, too large, or not scanned in time" },
];
