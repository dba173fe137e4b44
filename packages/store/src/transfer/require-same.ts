import type { AuditLog } from "../ledgers.ts";
import type { TaskQueue } from "../task-queue.ts";
import type { Header, Summary } from "./header.ts";
import { KINDS, lineText, type Kind, type Line } from "./lines.ts";
import { MoveError } from "./place.ts";
import { createTallies, differences } from "./tally.ts";

/** Ports of the installation that was written. */
export interface ReadBack {
  readonly audit: Pick<AuditLog, "verify">;
  readonly queue: Pick<TaskQueue, "counts">;
}

/** Counts what was read back, and compares it with the file. @throws MoveError naming the kinds that differ */
export async function requireSameKinds(
  header: Header,
  lines: AsyncIterable<Line>,
  kinds: readonly Kind[],
): Promise<void> {
  const tallies = createTallies(KINDS);
  for await (const line of lines) tallies.add(line.kind, lineText(line));
  refuse(differences(header.kinds, tallies.read()).filter((kind) => kinds.includes(kind)));
}

/** The same for what is no record. @throws MoveError */
export async function requireSameSummary(header: Header, found: Summary, ports: ReadBack): Promise<void> {
  const wanted = summaryLines(header);
  refuse(summaryLines(found).filter((line, index) => line !== wanted[index]));
  const { pending, delayed, active } = await ports.queue.counts();
  const entries = pending + delayed + active;
  if (entries !== header.kinds.entry.count) refuse([`number of queue entries: ${entries}`]);
  const audit = await ports.audit.verify();
  if (!audit.ok) refuse([`audit chain, from entry ${audit.seq}`]);
}

function summaryLines({ queue, newestEvent, audit }: Summary): readonly string[] {
  return [
    `queue: ${[queue.paused, queue.completed, queue.failed, queue.lastSeq].join()}`,
    `newest event: ${newestEvent}`,
    `end of the audit chain: ${audit.seq} ${audit.hash}`,
  ];
}

function refuse(different: readonly string[]): void {
  if (different.length === 0) return;
  throw new MoveError(
    `what was read back is not what the file holds (${different.join("; ")}): the new installation was not made valid`,
  );
}
