import type { FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";

export interface Listening {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process already listens there; stop it, or choose another port",
  EACCES: "this user may not listen there; choose a port above 1023",
  EADDRNOTAVAIL: "this machine does not have that address",
};

/** Listens and answers with where; one socket only: `localhost` is 127.0.0.1 here, not both address families. */
export async function listenOn(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const bound = host === "localhost" ? "127.0.0.1" : host;
  try {
    await app.listen({ host: bound, port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
    throw new Error(`cannot listen on ${bound}, port ${port}: ${why}`, { cause: error });
  }
  const address = app.server.address() as AddressInfo;
  const named = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${named}:${address.port}`, host: address.address, port: address.port };
}
