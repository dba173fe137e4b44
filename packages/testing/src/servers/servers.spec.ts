import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { startCutProxy } from "./cut-proxy.ts";
import { startPostgres } from "./postgres.ts";
import { startValkey } from "./valkey.ts";

it("starts a Valkey, which keeps what it was told over SIGKILL, and ends it", async () => {
  const valkey = await startValkey();
  await valkey.run("set", "a", "1");
  await valkey.process.kill();
  await expect(valkey.run("get", "a")).rejects.toThrow(/Connection refused/);
  await valkey.restart();
  expect(await valkey.run("get", "a")).toBe("1");
  await valkey.close();
});

it("starts servers that end with the process that started them, however that ends", async () => {
  const run = spawn(process.execPath, [fileURLToPath(new URL("hold-valkey-process.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [pid] = (await once(run.stdout, "data")) as [Buffer];
  run.kill("SIGKILL");
  await once(run, "exit");
  const folder = `/proc/${pid.toString().trim()}`;
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 10_000 });
});

it("starts a PostgreSQL with databases of its own, and ends it", async () => {
  const postgres = await startPostgres();
  expect(await postgres.createDatabase()).not.toBe(postgres.url);
  await postgres.process.kill();
  await postgres.restart();
  expect(await postgres.createDatabase()).toContain(String(postgres.port));
  await postgres.close();
});

it("cuts the way to a server, so that nothing comes back until it is mended", async () => {
  const valkey = await startValkey({ durable: false });
  const proxy = await startCutProxy({ port: valkey.port });
  const open = async (): Promise<Socket> => {
    const socket = connect(proxy.port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };
  const ping = async (socket: Socket): Promise<string> => {
    socket.write("PING\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString();
  };
  const before = await open();
  expect(await ping(before)).toBe("+PONG\r\n");
  proxy.cut();
  const silent = ping(before).catch((error: unknown) => error);
  proxy.mend();
  const after = await open();
  after.on("error", () => undefined);
  expect(await ping(after)).toBe("+PONG\r\n");
  proxy.reset();
  expect(String(await silent)).toContain("ECONNRESET");
  await proxy.close();
  await valkey.close();
});
