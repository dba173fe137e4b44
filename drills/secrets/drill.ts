import type { Drill } from "../drill.ts";
import { canaries } from "./canaries.ts";
import { hostileLines, precisionAndRecall } from "./corpus.ts";

/** Secrets: what is found and what is not, how long it may take, and what happens to an agent that reads a canary. */
export const drill: Drill = {
  name: "secrets",
  async run(report) {
    for (const [name, result] of await precisionAndRecall()) report.scenario(name, result);
    report.scenario("hostile files: scanned or given up in time", await hostileLines());
    report.scenario("canary read: agent killed, value told nowhere", await canaries());
  },
};
