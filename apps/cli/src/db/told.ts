import { CorruptRecordError, FolderLockedError, StoreUnavailableError, TransferError } from "@mosaic/store";
import { MoveError } from "@mosaic/store/transfer";
import { CliError, EXIT } from "../exit.ts";
import { cleanLine } from "../terminal/clean.ts";

/** Does it, and turns what a store says into an error of the command line. */
export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toCliError(error);
  }
}

function toCliError(error: unknown): unknown {
  const fail = (exitCode: number, message: string, ...hints: readonly string[]) =>
    new CliError(exitCode, cleanLine(message), { hints, cause: error });
  if (error instanceof FolderLockedError)
    return fail(
      EXIT.failure,
      error.message,
      "An installation is moved while it does not run: stop `mosaic up` there.",
    );
  if (error instanceof StoreUnavailableError) return fail(exitCodeOf(error), error.message);
  const known = [MoveError, TransferError, CorruptRecordError].some((kind) => error instanceof kind);
  if (known) return fail(EXIT.failure, (error as Error).message);
  // What the file system says: no room, no permission.
  if (error instanceof Error && "syscall" in error) return fail(EXIT.failure, error.message);
  return error;
}

function exitCodeOf({ code }: StoreUnavailableError): number {
  if (code === "unauthorized") return EXIT.auth;
  return code === "unreachable" || code === "crashed" ? EXIT.unreachable : EXIT.failure;
}
