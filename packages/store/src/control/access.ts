import type { AllowedSecret } from "../allowed-secrets.ts";
import type { TokenRecord } from "../ledgers.ts";
import { readJson, readText } from "../read-field.ts";
import type { Ask, Steps } from "./steps.ts";

/** The access tokens. */
export function createTokens(ask: Ask) {
  function* put({ name, scopes, createdAt }: TokenRecord, hash: string): Steps<void> {
    yield* ask.putToken({ name, scopes: JSON.stringify(scopes), created_at: createdAt, hash });
  }

  function* find(hash: string): Steps<TokenRecord | null> {
    const [row] = yield* ask.findToken({ hash });
    return row === undefined ? null : toToken(row);
  }

  function* list(): Steps<readonly TokenRecord[]> {
    return (yield* ask.listTokens()).map(toToken);
  }

  function* remove(name: string): Steps<boolean> {
    return (yield* ask.removeToken({ name })).length !== 0;
  }

  return { put, find, list, remove };
}

/** @throws CorruptRecordError */
function toToken(row: Readonly<Record<"name" | "scopes" | "created_at", unknown>>): TokenRecord {
  const name = readText(row, "name", "a token");
  const scopes = readJson(row, "scopes", `token ${name}`, "array") as TokenRecord["scopes"];
  return { name, scopes, createdAt: readText(row, "created_at", `token ${name}`) };
}

/** Findings that people have let pass. */
export function createAllowed(ask: Ask) {
  function* put({ fingerprint, reason, allowedBy, allowedAt }: AllowedSecret): Steps<void> {
    yield* ask.allowSecret({ fingerprint, reason, allowed_by: allowedBy, allowed_at: allowedAt });
  }

  function* list(): Steps<readonly AllowedSecret[]> {
    return (yield* ask.listAllowedSecrets()).map((row) => {
      const fingerprint = readText(row, "fingerprint", "an allowed secret");
      const record = `allowed secret ${fingerprint}`;
      return {
        fingerprint,
        reason: readText(row, "reason", record),
        allowedBy: readText(row, "allowed_by", record),
        allowedAt: readText(row, "allowed_at", record),
      };
    });
  }

  function* remove(fingerprint: string): Steps<boolean> {
    return (yield* ask.disallowSecret({ fingerprint })).length !== 0;
  }

  return { put, list, remove };
}
