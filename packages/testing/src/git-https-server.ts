import { execFile, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface GitHttpsServerOptions {
  /** Folder with bare repositories; also where the certificate goes. */
  readonly folder: string;
  /** Host the certificate is for. It need not resolve: tests bring their own resolver. */
  readonly host: string;
  /** Requires Basic authentication with this password. */
  readonly password?: string;
  /** Answers itself and returns true, or leaves the request to git. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A real https git server on loopback: `git http-backend` behind a self-signed certificate. */
export interface GitHttpsServer {
  readonly port: number;
  /** The certificate, to be trusted by the client under test. */
  readonly caFile: string;
  /** URL of a repository in the folder. */
  readonly url: (name: string) => string;
  /** Paths that were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function startGitHttpsServer(options: GitHttpsServerOptions): Promise<GitHttpsServer> {
  const caFile = join(options.folder, "server.crt");
  const keyFile = join(options.folder, "server.key");
  await execute("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1".split(" "),
    "-subj",
    `/CN=${options.host}`,
    "-addext",
    `subjectAltName=DNS:${options.host}`,
    "-keyout",
    keyFile,
    "-out",
    caFile,
  ]);
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ cert: await readFile(caFile), key: await readFile(keyFile) }, (req, res) => {
    requests.push(req.url ?? "");
    if (options.intercept?.(req, res) === true) return;
    if (!authorized(req, options.password)) {
      res.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    backend(options.folder, req, res);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    caFile,
    requests,
    url: (name) => `https://${options.host}:${port}/${name}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await closed(server);
      await Promise.all([rm(caFile, { force: true }), rm(keyFile, { force: true })]);
    },
  };
}

function authorized(request: IncomingMessage, password: string | undefined): boolean {
  if (password === undefined) return true;
  const given = Buffer.from((request.headers.authorization ?? "").replace(/^Basic /, ""), "base64");
  return given.toString().split(":")[1] === password;
}

function backend(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "https://server.invalid");
  const child = spawn("git", ["-c", "http.receivepack=true", "http-backend"], {
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.once("close", () => answer(Buffer.concat(chunks), response));
}

/** Turns a CGI answer into an HTTP one. */
function answer(cgi: Buffer, response: ServerResponse): void {
  const end = cgi.indexOf("\r\n\r\n");
  const headers = cgi.subarray(0, Math.max(end, 0)).toString().split("\r\n");
  for (const line of headers) {
    const [, name = "", value = ""] = /^([^:]+): *(.*)$/.exec(line) ?? [];
    if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
    else if (name !== "") response.setHeader(name, value);
  }
  response.end(cgi.subarray(end + 4));
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
