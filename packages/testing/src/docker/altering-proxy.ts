import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { temporaryFolder } from "../temporary-folder.ts";

/** The body of a request to make a container; Podman's own has no HostConfig. */
export type CreateBody = Record<string, unknown> & { HostConfig: Record<string, unknown> };

export interface AlteringProxy {
  readonly socketPath: string;
  close(): Promise<void>;
}

/**
 * An engine that does not do all it is told: what is asked of the real one is altered on the way.
 *
 * @param before called with the path of each request, which is passed on when it is done
 */
export async function startAlteringProxy(
  engineSocket: string,
  alter: (body: CreateBody) => void,
  before: (path: string) => Promise<void> = async () => await Promise.resolve(),
): Promise<AlteringProxy> {
  const folder = temporaryFolder();
  const socketPath = join(folder.path, "engine.sock");
  const passOn = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const given = await text(asked);
    await before(asked.url ?? "");
    const body = /\/containers\/create\b/.test(asked.url ?? "") ? altered(given, alter) : given;
    const headers: OutgoingHttpHeaders = { ...asked.headers, "content-length": Buffer.byteLength(body) };
    delete headers["transfer-encoding"];
    const passedOn = request({ socketPath: engineSocket, path: asked.url, method: asked.method, headers });
    passedOn.on("response", (found) => {
      answer.writeHead(found.statusCode ?? 500, found.headers);
      found.pipe(answer);
    });
    passedOn.on("error", (error) => answer.destroy(error));
    passedOn.end(body);
  };
  const server = createServer((asked, answer) => void passOn(asked, answer));
  const streams = new Set<Duplex>();
  server.on("upgrade", (asked, socket, head) => {
    for (const stream of [socket, passStreams(engineSocket, { asked, socket, head })]) streams.add(stream);
  });
  server.listen(socketPath);
  await once(server, "listening");
  return {
    socketPath,
    async close() {
      server.closeAllConnections();
      // What was upgraded is the server's no more.
      for (const stream of streams) stream.destroy();
      server.close();
      await once(server, "close");
      folder.remove();
    },
  };
}

function altered(given: string, alter: (body: CreateBody) => void): string {
  const body = JSON.parse(given) as CreateBody;
  alter(body);
  return JSON.stringify(body);
}

interface Upgrade {
  readonly asked: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

function passStreams(engineSocket: string, { asked, socket, head }: Upgrade): Socket {
  const onward: Socket = connect(engineSocket);
  const headers = asked.rawHeaders.map((value, index) => (index % 2 === 0 ? `${value}: ` : `${value}\r\n`));
  onward.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${headers.join("")}\r\n`);
  onward.write(head);
  onward.on("error", () => socket.destroy());
  socket.on("error", () => onward.destroy());
  onward.pipe(socket).pipe(onward);
  return onward;
}
