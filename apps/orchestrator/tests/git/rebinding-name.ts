import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { basename, join } from "node:path";
import { parseRepository, type Repository } from "@mosaic/domain";
import { createGit, createRemotes } from "@mosaic/git";
import { createGitFixture, startGitHttpsServer } from "@mosaic/testing";
import { fetchHeads } from "../../src/git/mirror-fetch.ts";
import { remoteHead } from "../../src/git/resolve-branch.ts";

// Runs in a network of its own, whose name server is this process: see rebinding.spec.ts.

const HOST = "rebind.example";
/** The documentation range, which counts as public; an address of this network's loopback device. */
const PUBLIC = "203.0.113.7";
const LOOPBACK = "127.0.0.1";
const TYPE_A = 1;

/** A name server: each address once, the last for ever. Answers with how often addresses were asked for. */
async function serveName(addresses: readonly string[]): Promise<() => number> {
  let asked = 0;
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    let at = 12;
    while (query[at] !== 0) at += (query[at] ?? 0) + 1;
    const end = at + 5;
    const question = query.subarray(12, end);
    const isAddress = query.readUInt16BE(at + 1) === TYPE_A;
    const header = Buffer.from([
      query[0] ?? 0,
      query[1] ?? 0,
      0x81,
      0x80,
      0,
      1,
      0,
      isAddress ? 1 : 0,
      0,
      0,
      0,
      0,
    ]);
    const given = addresses[Math.min(asked, addresses.length - 1)] ?? LOOPBACK;
    // A pointer to the question's name, A, IN, good for 0 seconds, four bytes.
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...given.split(".").map(Number)]);
    if (isAddress) asked += 1;
    socket.send(Buffer.concat([header, question, ...(isAddress ? [answer] : [])]), from.port, from.address);
  });
  socket.bind(53, LOOPBACK);
  await once(socket, "listening");
  socket.unref();
  return () => asked;
}

async function listen(server: Server, port: number, address: string): Promise<void> {
  server.listen(port, address);
  await once(server, "listening");
  server.unref();
}

const fixture = await createGitFixture("mosaic-rebind-");
const remote = await fixture.remote({ "a.txt": "a\n" });
const server = await startGitHttpsServer({ folder: fixture.folder, host: HOST });
const port = server.port + 1;
await listen(
  createServer((socket) => {
    const inner = connect(server.port, LOOPBACK);
    // How a client hangs up is its own affair.
    for (const side of [socket, inner]) side.on("error", () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  }),
  port,
  PUBLIC,
);
let reached = 0;
await listen(
  createServer((socket) => {
    reached += 1;
    socket.destroy();
  }),
  port,
  LOOPBACK,
);
const asked = await serveName([PUBLIC, LOOPBACK]);

const repository = parseRepository(`https://${HOST}:${port}/${basename(remote)}`) as Repository;
const git = createGit({ home: join(fixture.folder, "git-home") });
const context = {
  git,
  remotes: createRemotes({ allowPrivate: false, caFile: server.caFile }),
  limits: { networkMs: 20_000 } as Parameters<typeof fetchHeads>[0]["limits"],
};
const mirror = join(fixture.folder, "mirror.git");
await mkdir(mirror);
await fixture.git(mirror, "init", "--quiet", "--bare");
const told = (error: unknown): string => String(error);
const signal = AbortSignal.timeout(30_000);
const fetched = await fetchHeads(context, repository, { mirror, signal }).then(() => "fetched", told);
const askedByFetch = asked();
const reachedByFetch = reached;
const again = await remoteHead(context, repository, { branch: "main" }).then(String, told);
const reachedAgain = reached;
// What would have happened without the pinned address: the trap is real.
const unpinned = {
  protocol: "https",
  url: repository.url,
  env: {},
  config: [["protocol.https.allow", "always"]],
} as const;
await git.run({ command: "ls-remote", values: [repository.url], remote: unpinned }).catch(() => undefined);

process.stdout.write(
  JSON.stringify({
    fetched,
    heads: await fixture.git(mirror, "for-each-ref", "--format=%(refname)"),
    served: server.requests.length > 0,
    askedByFetch,
    reachedByFetch,
    again,
    reachedAgain,
    reachedUnpinned: reached,
  }),
);
await server.close();
await fixture.dispose();
