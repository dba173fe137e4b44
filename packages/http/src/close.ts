import type { FastifyInstance } from "fastify";
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Which connections wait for an answer. */
export interface Connections {
  /** Ends every connection that waits for nothing, and each other one with its answer. */
  endIdle(): void;
}

/**
 * Node's own `closeIdleConnections` leaves connections alone that never carried a request, as clients open them ahead
 * of need, and those that fall idle a moment later; each would hold a closing server for the whole grace.
 */
export function trackConnections(server: Server): Connections {
  const busy = new Map<Socket, number>();
  let ending = false;
  const add = (socket: Socket, by: number): void => {
    const requests = (busy.get(socket) ?? 0) + by;
    busy.set(socket, requests);
    if (ending && requests === 0) socket.end();
  };
  server.on("connection", (socket) => {
    add(socket, 0);
    socket.once("close", () => busy.delete(socket));
  });
  server.on("request", (request, response) => {
    const { socket } = request;
    add(socket, 1);
    response.once("close", () => busy.has(socket) && add(socket, -1));
  });
  return {
    endIdle() {
      ending = true;
      for (const [socket, requests] of busy) if (requests === 0) socket.destroy();
    },
  };
}

/** Closes the server; requests that still run after `graceMs` are cut, which aborts their handlers' signals. */
export async function closeGracefully(
  app: FastifyInstance,
  connections: Connections,
  graceMs: number,
): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    connections.endIdle();
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
