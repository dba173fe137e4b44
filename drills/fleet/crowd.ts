import { ONE_NOTE_REPOSITORY } from "../../tests/one-note-repository.ts";
import type { Findings } from "../crash/invariants.ts";
import { scenarioFile } from "../mosaic-process.ts";
import { waitFor } from "../wait-for.ts";
import { onField } from "./field.ts";

const NAMES = ["one", "two", "lost"];
/** As many tasks as anybody asks for, on two cores. */
const LIMIT_MS = 1_800_000;
const ENV = { ORCHESTRATOR_QUEUE_CONCURRENCY: "6", MOSAIC_GATE_CONCURRENCY: "4" };

/** Many tasks on three orchestrators, one of which is killed when half of them are done. */
export async function crowd(tasks: number, found: Findings): Promise<void> {
  await onField({ found, upstream: scenarioFile("own-words"), env: ENV }, async (field) => {
    const mosaics = await Promise.all(NAMES.map((name) => field.start(name)));
    const [one, , lost] = mosaics;
    if (one === undefined || lost === undefined) return;
    const remotes = await Promise.all(NAMES.map(() => field.fleet.git.remote(ONE_NOTE_REPOSITORY)));
    await Promise.all(
      Array.from({ length: tasks }, (_, at) => {
        const [taskId, repository] = [`t${at}`, remotes[at % remotes.length] ?? ""];
        // One for the orchestrator that is killed, none for a lock that somebody else held.
        const maxRetries = 1;
        const request = {
          taskId,
          agentType: "worker" as const,
          gateProfile: "custom" as const,
          options: { gates: ["lint" as const], maxRetries },
          context: { repository, branch: "main", workItems: [`Write the note of ${taskId}`] },
        };
        return field.spawn(mosaics[at % mosaics.length] ?? one, { taskId, maxRetries, request });
      }),
    );
    const completed = (wanted: number): Promise<true> =>
      waitFor(
        `${wanted} tasks`,
        async () => (await one.client.call("queueStats")).completed >= wanted,
        LIMIT_MS,
      );
    await completed(tasks / 2);
    await lost.kill();
    // Its data folder is looked at in the end, so it comes back to clean up.
    await completed(tasks);
    await field.start("lost");
    await field.finish(one);
  });
}
