import { ProblemError, type SpawnRequest } from "@mosaic/contracts";
import type { SecretScanner } from "@mosaic/secrets";

/**
 * Refuses secrets where they cannot be taken out: names, which become branches, folders and search terms. Work items
 * are redacted instead when they are stored. The value is not repeated in the answer.
 * @throws ProblemError secret_in_request
 */
export function refuseSecretNames(scanner: SecretScanner, request: SpawnRequest): void {
  const { taskId, context, options = {} } = request;
  const names: readonly (readonly [field: string, text: string])[] = [
    ["taskId", taskId],
    ["context.repository", context.repository],
    ["context.branch", context.branch],
    ["options.model", options.model ?? ""],
    ["context.runtime", context.runtime ?? ""],
    ...(context.skills ?? []).map((skill) => ["context.skills", skill] as const),
  ];
  for (const [field, text] of names) {
    const [finding] = scanner.scanText(text);
    if (finding === undefined) continue;
    throw new ProblemError(
      "secret_in_request",
      `${field} contains what looks like a secret (${finding.rule}); it would be shown and stored. Use a name without it`,
    );
  }
}
