import { startValkey } from "./valkey.ts";

// A test run that will be killed: starts a server, says which process it is, and does nothing more.
const { process: server } = await startValkey({ durable: false });
process.stdout.write(`${String(server.pid)}\n`);
setInterval(() => undefined, 60_000);
