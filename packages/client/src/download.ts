import type { Route } from "@mosaic/contracts";
import { UnreachableError } from "./errors.ts";
import { asUnreachable, exchange, type ExchangeOptions } from "./exchange.ts";
import { refusalOf } from "./read-answer.ts";

/** Sends a request and gives the bytes of its answer as they come. @throws ApiError, UnreachableError */
export async function openDownload(
  options: ExchangeOptions,
  route: Route,
): Promise<AsyncIterable<Uint8Array>> {
  const { signal, url, timeoutMs } = options;
  const silent = new AbortController();
  const both = signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]);
  const body = await exchange({ ...options, signal: both }, async (response) => {
    if (!response.ok) throw await refusalOf(response, `${route.method} ${route.path}`);
    return response.body;
  });
  return read();

  async function* read(): AsyncGenerator<Uint8Array> {
    if (body === null) return;
    let timer: NodeJS.Timeout | undefined;
    const rewind = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        silent.abort(new UnreachableError(`${url.origin} sent nothing for ${timeoutMs} ms`));
      }, timeoutMs);
    };
    try {
      rewind();
      for await (const chunk of body) {
        // The time a slow reader takes is not the server's.
        clearTimeout(timer);
        yield chunk;
        rewind();
      }
    } catch (error) {
      if (silent.signal.aborted) throw silent.signal.reason;
      throw asUnreachable(error, url, signal);
    } finally {
      clearTimeout(timer);
      silent.abort();
    }
  }
}
