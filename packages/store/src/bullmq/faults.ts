import { CorruptRecordError, StoreUnavailableError } from "../store-error.ts";
import type { Link } from "../valkey/connect.ts";
import { isReply } from "../valkey/faults.ts";

/**
 * What a script ended with, as the store's own errors.
 * @param reads whether the script only reads, so that a lost answer leaves no doubt
 */
export function toQueueError(error: unknown, link: Link, reads: boolean): Error {
  if (!isReply(error)) return link.fault(error, { reads });
  const { message } = error;
  const damaged = /^DAMAGED (\S+) (\S+) (.+?)(?: script:.*)?$/.exec(message);
  if (damaged !== null) return new CorruptRecordError(damaged[1] ?? "", damaged[2] ?? "", damaged[3] ?? "");
  const unavailable = (code: "emptied" | "damaged", advice: string): StoreUnavailableError =>
    new StoreUnavailableError(code, `the queue at ${link.server} cannot be used: ${advice}`, {
      cause: error,
    });
  if (message.startsWith("EMPTIED"))
    return unavailable(
      "emptied",
      "this is not the database that was used before, or it was emptied. Point VALKEY_URL at the right server, or bring " +
        "its data back (appendonly file) and restart Mosaic",
    );
  if (message.startsWith("WRONGTYPE"))
    return unavailable(
      "damaged",
      `a key holds something else than it should (${message}): another program wrote it`,
    );
  return link.fault(error, { reads });
}
