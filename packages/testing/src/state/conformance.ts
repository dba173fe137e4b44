import type { StateStore } from "@mosaic/store";
import { describe } from "vitest";
import type { OpenEngine } from "../engine.ts";
import { admissionSuite } from "./admission.ts";
import { eventSuite } from "./events.ts";
import { listSuite } from "./lists.ts";
import { retrySuite } from "./retries.ts";
import { ruleSuite } from "./rules.ts";
import { transitionSuite } from "./transitions.ts";

/** What every state store must do, whatever it is built on. */
export function stateStoreConformance(name: string, open: OpenEngine<StateStore>): void {
  describe(`${name} as a state store`, () => {
    admissionSuite(open);
    transitionSuite(open);
    ruleSuite(open);
    retrySuite(open);
    eventSuite(open);
    listSuite(open);
  });
}
