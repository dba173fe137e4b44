import type { Redis } from "ioredis";

/**
 * What is asked in one turn of the event loop reaches the server in one piece: it reads once and syncs its file once for
 * all of it, where the driver's own way costs a packet for each command. Order and failures stay the driver's.
 */
export function writeOnceATurn(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  let corked: Redis["stream"] | undefined;
  redis.sendCommand = (command, stream) => {
    // There is none before the first connection, and another one after each.
    const socket = redis.stream as Redis["stream"] | undefined;
    if (socket !== undefined && socket !== corked) {
      corked = socket;
      socket.cork();
      setImmediate(() => {
        if (corked === socket) corked = undefined;
        socket.uncork();
      });
    }
    return send(command, stream);
  };
}
