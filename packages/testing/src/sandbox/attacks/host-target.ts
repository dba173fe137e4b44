import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type ListenOptions, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import path from "node:path";
import type { AttackFacts } from "./programs.ts";

/** How secrets begin; the rest of each is random, and known to nobody inside. */
const SECRET_START = "mosaic-secret-";

/** Things of the host that no sandbox may come to: listeners, sockets, files, a process, each with a secret. */
export interface HostTarget {
  readonly facts: Pick<
    AttackFacts,
    | "pids"
    | "ports"
    | "hostAddresses"
    | "nameServers"
    | "sockets"
    | "abstractSockets"
    | "files"
    | "folders"
    | "secretStart"
    | "knownText"
  >;
  /** In a file, and in the environment of a process. */
  readonly secret: string;
  /** What happened to them, one line each; empty is what a test wants. */
  marks(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function createHostTarget(): Promise<HostTarget> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "mosaic-target-")));
  const secret = `${SECRET_START}${randomBytes(12).toString("hex")}`;
  await chmod(folder, 0o777);
  await mkdir(path.join(folder, "workspace"), { mode: 0o777 });
  const file = path.join(folder, "workspace", "secret.txt");
  await writeFile(file, secret);
  await chmod(file, 0o666);
  const bystander = spawn("sleep", ["100000"], { stdio: "ignore", env: { SECRET: secret } });
  await once(bystander, "spawn");

  const hits: string[] = [];
  const socket = path.join(folder, "gateway.sock");
  const abstract = `mosaic-${randomBytes(6).toString("hex")}`;
  const everywhere = await listen({ port: 0, host: "0.0.0.0" }, () => hits.push("a connection to 0.0.0.0"));
  const loopback = await listen({ port: 0, host: "127.0.0.1" }, () => hits.push("a connection to loopback"));
  const gateway = await listen({ path: socket }, () => hits.push("a connection to the other gateway"));
  const named = await listen({ path: `\0${abstract}` }, () =>
    hits.push("a connection to an abstract socket"),
  );
  const ports = [everywhere, loopback].map((server) => (server.address() as AddressInfo).port);
  const udp = createSocket("udp4").on("message", (_text, from) => {
    hits.push("a datagram");
    udp.send("heard", from.port, from.address);
  });
  udp.bind(ports[0], "0.0.0.0");
  await once(udp, "listening");

  return {
    secret,
    facts: {
      pids: [process.pid, bystander.pid ?? 0],
      ports,
      hostAddresses: ownAddresses(),
      nameServers: await nameServers(),
      sockets: [socket],
      abstractSockets: [abstract],
      files: [file],
      folders: [folder, path.dirname(file)],
      secretStart: SECRET_START,
      knownText: folder,
    },
    async marks() {
      const found = [...hits];
      if (!isRunning(bystander)) found.push("a process of the host was ended");
      if ((await readFile(file, "utf8")) !== secret) found.push("a file of the host was written to");
      const names = [...(await readdir(folder)), ...(await readdir(path.dirname(file)))].sort();
      if (names.join() !== "gateway.sock,secret.txt,workspace") found.push(`there is now ${names.join()}`);
      return found;
    },
    async close() {
      bystander.kill("SIGKILL");
      udp.close();
      for (const server of [everywhere, loopback, gateway, named]) server.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function listen(where: ListenOptions, onHit: () => void): Promise<Server> {
  const server = createServer((connection) => {
    onHit();
    connection.destroy();
  }).listen(where);
  await once(server, "listening");
  return server;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address);
}

async function nameServers(): Promise<readonly string[]> {
  const text = await readFile("/etc/resolv.conf", "utf8").catch(() => "");
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address = ""]) => address);
}
