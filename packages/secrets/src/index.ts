export { createScanner } from "./scanner.ts";
export { createFileScanner, type FileScanner, type FileScannerOptions } from "./file-scanner.ts";
export {
  createGitSecretsRules,
  type GitSecretsConfig,
  type GitSecretsRules,
  PatternError,
} from "./git-secrets.ts";
export { createKnownValueTest } from "./known-values.ts";
export { createRedaction, knownSecrets } from "./redaction.ts";
export { RULES, type RuleInfo } from "./rules.ts";
export type { Finding, KnownSecret, ScannerOptions, SecretScanner, UnreadFile } from "./port.ts";
