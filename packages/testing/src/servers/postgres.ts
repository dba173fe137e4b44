import { execFile } from "node:child_process";
import { chmodSync, chownSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../temporary-folder.ts";
import { findPostgres } from "./find-program.ts";
import { freePort, startServerProcess, type ServerProcess } from "./server-process.ts";

const execute = promisify(execFile);

/** A real PostgreSQL of its own, on a free port of the loopback. */
export interface PostgresInTest {
  /** Of the first database. */
  readonly url: string;
  readonly port: number;
  readonly process: ServerProcess;
  /** Makes an empty database and answers with its URL. */
  createDatabase(): Promise<string>;
  /** Starts it again on the same port and folder, after it was killed or stopped. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

export interface PostgresOptions {
  /** More of its configuration: `["-c", "max_connections=5"]`. */
  readonly args?: readonly string[];
}

const SUPERUSER = "mosaic";
const PASSWORD = "only-on-the-loopback";

/** Starts it; as the user `postgres` or `nobody` when the test is root, which PostgreSQL refuses to be. */
export async function startPostgres({ args = [] }: PostgresOptions = {}): Promise<PostgresInTest> {
  const bin = findPostgres();
  const user = serverUser();
  const folder = temporaryFolder();
  const data = join(folder.path, "data");
  const passwordFile = join(folder.path, "password");
  writeFileSync(passwordFile, PASSWORD);
  chmodSync(folder.path, 0o755);
  if (user !== undefined) for (const path of [folder.path, passwordFile]) chownSync(path, user.uid, user.gid);
  await execute(
    join(bin, "initdb"),
    `-D ${data} -U ${SUPERUSER} --pwfile ${passwordFile} -A scram-sha-256 -E UTF8 --no-sync`.split(" "),
    { env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" }, cwd: folder.path, ...user },
  );
  const port = await freePort();
  const urlOf = (database: string): string =>
    `postgres://${SUPERUSER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
  const sql = async (database: string, text: string): Promise<void> => {
    const program = [join(bin, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", urlOf(database), "-c", text];
    await execute(program[0] as string, program.slice(1));
  };
  const start = (): Promise<ServerProcess> =>
    startServerProcess({
      command: join(bin, "postgres"),
      args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", "", ...args],
      ...(user === undefined ? {} : { user }),
      probe: () => sql("postgres", "SELECT 1"),
    });
  let server = await start();
  let made = 0;
  const createDatabase = async (): Promise<string> => {
    made += 1;
    await sql("postgres", `CREATE DATABASE mosaic_${made}`);
    return urlOf(`mosaic_${made}`);
  };
  return {
    url: await createDatabase(),
    port,
    get process() {
      return server;
    },
    createDatabase,
    async restart() {
      server = await start();
    },
    async close() {
      await server.kill();
      folder.remove();
    },
  };
}

/** PostgreSQL's programs want a user that the system knows by name. */
function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const found = ["postgres", "nobody"].flatMap((name) =>
    lines.filter((line) => line.startsWith(`${name}:`)),
  )[0];
  if (found === undefined)
    throw new Error(
      "PostgreSQL does not run as root, and there is no user postgres (useradd --system postgres)",
    );
  const [, , uid, gid] = found.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}
