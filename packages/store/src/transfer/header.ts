import type { ChainPosition } from "../control/audit.ts";
import type { QueueSummary } from "../queue-snapshot.ts";
import { KINDS, type Kind } from "./lines.ts";
import { MoveError } from "./place.ts";
import type { Tallies } from "./tally.ts";

/** What an installation is beside its records. */
export interface Summary {
  readonly queue: QueueSummary;
  /** Id of the newest event there ever was. */
  readonly newestEvent: number;
  /** The end of the audit chain. */
  readonly audit: ChainPosition;
}

/** The first line of an export. */
export interface Header extends Summary {
  readonly mosaic: "installation";
  readonly format: typeof FORMAT;
  readonly from: "embedded" | "distributed";
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly kinds: Tallies<Kind>;
}

/** Raised when an older Mosaic could not read what a newer one writes. */
export const FORMAT = 1;

/** @throws MoveError when it is none, or of another version */
export function parseHeader(text: string): Header {
  const header = parse(text);
  if (header === null || header["mosaic"] !== "installation")
    throw new MoveError("it is no export of an installation (`mosaic db export` makes one)");
  const { format } = header;
  if (format !== FORMAT)
    throw new MoveError(
      `it has format ${String(format)}, and this version of Mosaic reads format ${FORMAT}: import it with the version ` +
        "that wrote it",
    );
  if (!isWhole(header)) throw new MoveError("its first line does not say what it holds; it was changed");
  return header;
}

type Unknown = Readonly<Record<string, unknown>>;

function isWhole(header: Unknown): header is Unknown & Header {
  const { queue, newestEvent, audit, kinds } = header;
  const { paused, completed, failed, lastSeq } = asObject(queue);
  const { seq, hash } = asObject(audit);
  return (
    [completed, failed, lastSeq, newestEvent, seq].every(Number.isSafeInteger) &&
    typeof paused === "boolean" &&
    typeof hash === "string" &&
    KINDS.every((kind) => {
      const { count, digest } = asObject(asObject(kinds)[kind]);
      return Number.isSafeInteger(count) && typeof digest === "string";
    })
  );
}

function parse(text: string): Unknown | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // What is no JSON is no header.
    return null;
  }
}

function asObject(value: unknown): Unknown {
  return typeof value === "object" && value !== null ? (value as Unknown) : {};
}
