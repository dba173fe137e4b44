import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a server that can be cut: what a broken network looks like to both ends. */
export interface CutProxy {
  readonly port: number;
  /** Nothing passes any more, and nobody is told: packets that vanish. New connections are accepted and get nothing. */
  cut(): void;
  /** Everything is closed with a reset, and new connections are refused at once. */
  reset(): void;
  /** New connections pass again; what was cut stays silent until its owner gives it up. */
  mend(): void;
  close(): Promise<void>;
}

type Mode = "open" | "cut" | "reset";

export async function startCutProxy(target: {
  readonly host?: string;
  readonly port: number;
}): Promise<CutProxy> {
  const { host = "127.0.0.1", port } = target;
  let mode: Mode = "open";
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    keep(client);
    if (mode === "reset") return void client.resetAndDestroy();
    if (mode === "cut") return void client.pause();
    const upstream = keep(connect({ host, port, noDelay: true }));
    client.pipe(upstream);
    upstream.pipe(client);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      mode = "cut";
      for (const socket of open) {
        socket.unpipe();
        socket.pause();
        socket.removeAllListeners("data");
      }
    },
    reset() {
      mode = "reset";
      for (const socket of open) socket.resetAndDestroy();
    },
    mend() {
      mode = "open";
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
