import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder and a listener of the host that no attack may reach, and a program that tells when one did. */
export interface Canary {
  readonly folder: string;
  /** A program of the host: whoever runs it leaves a mark and opens a connection. No sandbox sees it. */
  readonly payload: string;
  /** A file of the host, readable by everybody, that only a program outside of every sandbox can open. */
  readonly secretFile: string;
  /** What is in it. */
  readonly secret: string;
  /** Port of the listener on loopback. */
  readonly port: number;
  /** What happened to it, one line each; empty is what a test wants. */
  marks(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function createCanary(): Promise<Canary> {
  const folder = await mkdtemp(join(tmpdir(), "mosaic-canary-"));
  const secret = `canary-${randomBytes(12).toString("hex")}`;
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const payload = join(folder, "payload");
  const secretFile = join(folder, "secret.txt");
  await writeFile(secretFile, secret);
  const program = `#!/bin/bash\necho "$@" >> ${folder}/ran\nexec 3<>/dev/tcp/127.0.0.1/${port}\nexec cat\n`;
  await writeFile(payload, program, { mode: 0o755 });
  await chmod(folder, 0o777);
  return {
    folder,
    payload,
    secretFile,
    secret,
    port,
    marks: async () => {
      const names = (await readdir(folder)).filter((name) => !["payload", "secret.txt"].includes(name));
      const changed = (await readFile(secretFile, "utf8")) !== secret;
      return [
        ...names.map((name) => `${name} was made in the canary's folder`),
        ...(changed ? ["the canary's file was written to"] : []),
        ...(connections > 0 ? [`${connections} connections to the canary's listener`] : []),
      ];
    },
    close: async () => {
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
