import { sqliteEngine, stateStoreConformance } from "@mosaic/testing";

stateStoreConformance(
  "SQLite",
  sqliteEngine((store) => store.state),
);
