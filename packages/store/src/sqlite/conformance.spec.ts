import {
  auditLogConformance,
  recoveryConformance,
  sqliteEngine,
  stateStoreConformance,
  taskQueueConformance,
  tokenStoreConformance,
  usageLedgerConformance,
} from "@mosaic/testing";

stateStoreConformance(
  "SQLite",
  sqliteEngine((store) => store.state),
);
taskQueueConformance(
  "SQLite",
  sqliteEngine((store) => store.queue),
);
recoveryConformance(
  "SQLite",
  sqliteEngine((store) => store),
);
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
