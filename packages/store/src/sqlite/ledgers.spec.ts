import {
  allowedSecretsConformance,
  auditLogConformance,
  installationFactsConformance,
  sqliteEngine,
  tokenStoreConformance,
  usageLedgerConformance,
} from "@mosaic/testing";

usageLedgerConformance(
  "SQLite",
  sqliteEngine((store) => store.usage),
);
auditLogConformance(
  "SQLite",
  sqliteEngine((store) => store.audit),
);
tokenStoreConformance(
  "SQLite",
  sqliteEngine((store) => store.tokens),
);
allowedSecretsConformance(
  "SQLite",
  sqliteEngine((store) => store.allowedSecrets),
);
installationFactsConformance(
  "SQLite",
  sqliteEngine((store) => store.facts),
);
