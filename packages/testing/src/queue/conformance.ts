import type { TaskQueue } from "@mosaic/store";
import { describe } from "vitest";
import type { OpenEngine } from "../engine.ts";
import { availabilitySuite } from "./availability.ts";
import { claimSuite } from "./claims.ts";
import { entrySuite } from "./entries.ts";
import { leaseSuite } from "./leases.ts";

/** What every task queue must do, whatever it is built on. */
export function taskQueueConformance(name: string, open: OpenEngine<TaskQueue>): void {
  describe(`${name} as a task queue`, () => {
    claimSuite(open);
    leaseSuite(open);
    entrySuite(open);
    availabilitySuite(open);
  });
}
