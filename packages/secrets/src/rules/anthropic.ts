import { entropyOf } from "../randomness.ts";
import { type Rule, secretOf, wholeToken } from "../rule.ts";

/** Shapes as Anthropic gives them to secret scanners; `oat01` is what `claude setup-token` makes. */
export const ANTHROPIC_RULES: readonly Rule[] = [
  {
    id: "anthropic-key",
    description: "Anthropic API key, admin key or OAuth token",
    keywords: ["sk-ant-"],
    pattern: "(sk-ant-[a-z]{3,6}[0-9]{2}-[A-Za-z0-9_-]{80})",
    refine: wholeToken,
  },
  {
    id: "legacy-sk-key",
    description: "Key of the old form sk- and 48 letters or digits",
    keywords: ["sk-"],
    pattern: "(?:^|[^A-Za-z0-9_-])(sk-[A-Za-z0-9]{48})(?:[^A-Za-z0-9_-]|$)",
    refine: (candidate) => (entropyOf(secretOf(candidate)) >= 3.5 ? candidate : null),
  },
];
