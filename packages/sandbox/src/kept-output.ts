import { PassThrough, type Readable } from "node:stream";

/** Node throws away what nobody has read of a child's output when the child exits; this keeps it for a later reader. */
export function kept(source: Readable): Readable {
  const sink = new PassThrough();
  source.pipe(sink);
  source.once("close", () => {
    if (!sink.writableEnded) sink.end();
  });
  return sink;
}
