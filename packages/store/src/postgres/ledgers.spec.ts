import {
  allowedSecretsConformance,
  auditLogConformance,
  installationFactsConformance,
  tokenStoreConformance,
  usageLedgerConformance,
  usePostgres,
  type OpenEngine,
} from "@mosaic/testing";
import type { PostgresStore } from "./open.ts";

// Sorts by an alphabet unless it is told otherwise, unlike SQLite.
const ALPHABET = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C'";
const postgres = usePostgres();

/** A database of its own for each test. */
const engine =
  <T>(pick: (store: PostgresStore) => T): OpenEngine<T> =>
  async () => {
    const options = { url: await postgres.server.createDatabase(ALPHABET), poolSize: 4 };
    let store = await postgres.open(options);
    return {
      port: pick(store),
      async reopen() {
        await store.close();
        store = await postgres.open(options);
        return pick(store);
      },
      close: () => store.close(),
    };
  };

usageLedgerConformance(
  "PostgreSQL",
  engine((store) => store.usage),
);
auditLogConformance(
  "PostgreSQL",
  engine((store) => store.audit),
);
tokenStoreConformance(
  "PostgreSQL",
  engine((store) => store.tokens),
);
allowedSecretsConformance(
  "PostgreSQL",
  engine((store) => store.allowedSecrets),
);
installationFactsConformance(
  "PostgreSQL",
  engine((store) => store.facts),
);
