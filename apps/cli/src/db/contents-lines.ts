import type { exportInstallation } from "@mosaic/store/transfer";

type Contents = Awaited<ReturnType<typeof exportInstallation>>;
type Kind = keyof Contents["kinds"];

/** What each kind of record is called, in the order in which it is told. */
const NAMES: Readonly<Record<Kind, string>> = {
  task: "tasks",
  agent: "agents",
  event: "events",
  entry: "queue entries",
  usage_entries: "requests in the ledger",
  usage_by_day: "ledger sums by agent and day",
  budget_totals: "budget totals",
  usage_reservations: "open reservations",
  audit: "audit entries",
  tokens: "tokens (hashes)",
  allowed_secrets: "allowed secrets",
  installation: "facts of the installation",
};
const KINDS = Object.keys(NAMES) as readonly Kind[];

/** One line for each kind of record. */
export function contentsLines({ kinds, newestEvent, audit, queue }: Contents): string[] {
  const notes: Partial<Record<Kind, string>> = {
    event: `newest id ${newestEvent}`,
    entry: `${queue.completed} completed and ${queue.failed} failed before${queue.paused ? ", paused" : ""}`,
    audit: `chain ends with ${audit.hash.slice(0, 12)}`,
  };
  const width = Math.max(...KINDS.map((kind) => String(kinds[kind].count).length));
  return KINDS.map((kind) => {
    const note = notes[kind];
    const count = String(kinds[kind].count).padStart(width);
    return `${count}  ${NAMES[kind]}${note === undefined ? "" : ` (${note})`}`;
  });
}

/** The same for programs. */
export function contentsJson({ kinds, newestEvent, audit, queue }: Contents) {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, kinds[kind].count]));
  return { counts, newestEvent, auditHash: audit.hash, paused: queue.paused };
}
