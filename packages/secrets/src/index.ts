export { createScanner } from "./scanner.ts";
export { RULES, type RuleInfo } from "./rules.ts";
export type { Finding, KnownSecret, ScannerOptions, SecretScanner } from "./port.ts";
