import {
  auditLogConformance,
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
