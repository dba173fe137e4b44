import { fencingConformance, recoveryConformance, sqliteEngine, taskQueueConformance } from "@mosaic/testing";

taskQueueConformance(
  "SQLite",
  sqliteEngine((store) => store.queue),
);
recoveryConformance(
  "SQLite",
  sqliteEngine((store) => store),
);
fencingConformance(
  "SQLite",
  sqliteEngine((store) => store),
);
