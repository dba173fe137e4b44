import { isDistributed } from "../../tests/store-mode.ts";
import type { Drill } from "../drill.ts";
import { coordinatorGone } from "./coordinator-gone.ts";
import { diskFullAtRest, diskFullAtWork, readOnlyAtStart } from "./disk.ts";
import { diskGivesUp, readOnlyAtWork } from "./read-only.ts";
import { answerLost, killedBeforeAnswer, remoteRemoved, remoteUnknown } from "./remote-gone.ts";
import { storeLocked } from "./store-locked.ts";

/** What is around Mosaic fails it: disk, store, the other plane, the remote. */
export const drill: Drill = {
  name: "faults",
  modes: ["embedded", "distributed"],
  async run(report) {
    // What does not depend on the store is not played again on another one; nor is there a file to be locked.
    if (!isDistributed()) {
      report.scenario("coordinator killed in mid-gate", await coordinatorGone());
      report.scenario("push answered by nobody, branch moved", await answerLost());
      report.scenario("remote gone in mid-push, branch not moved", await remoteRemoved());
      report.scenario("store locked by another program", await storeLocked());
    }
    report.scenario("killed in mid-push, branch moved", await killedBeforeAnswer());
    report.scenario("killed in mid-push, remote gone", await remoteUnknown());
    // Only root may mount the small disks that these need.
    if (process.getuid?.() !== 0) return;
    report.scenario("disk full while tasks wait", await diskFullAtRest());
    report.scenario("disk full while an agent works", await diskFullAtWork());
    report.scenario("data folder read-only at the start", await readOnlyAtStart());
    report.scenario("data folder read-only at work, and back", await readOnlyAtWork());
    report.scenario("disk gives up at work, mended, restart", await diskGivesUp());
  },
};
