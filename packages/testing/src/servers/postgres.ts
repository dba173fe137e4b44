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
  /** Makes an empty database and answers with its URL. `settings`: what follows its name in CREATE DATABASE. */
  createDatabase(settings?: string): Promise<string>;
  /** Runs SQL past whoever is tested, as the superuser; answers with what was printed, columns separated by `|`. */
  sql(url: string, text: string): Promise<string>;
  /** The system's user that the server runs as; undefined when that is who runs the test. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
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
  const start = (): Promise<ServerProcess> =>
    startServerProcess({
      command: join(bin, "postgres"),
      args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", "", ...args],
      ...(user === undefined ? {} : { user }),
      probe: async () => void (await runSql(urlOf("postgres"), "SELECT 1")),
    });
  let server = await start();
  let made = 0;
  const createDatabase = async (settings = ""): Promise<string> => {
    made += 1;
    const name = `mosaic_${made}`;
    await runSql(urlOf("postgres"), `CREATE DATABASE ${name} ${settings}`);
    return urlOf(name);
  };
  return {
    url: await createDatabase(),
    port,
    get process() {
      return server;
    },
    createDatabase,
    sql: runSql,
    user,
    async restart() {
      server = await startAfter(start);
    },
    async close() {
      await server.kill();
      folder.remove();
    },
  };
}

async function runSql(url: string, text: string): Promise<string> {
  const args = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text];
  return (await execute(join(findPostgres(), "psql"), args)).stdout.trim();
}

/** Makes an empty database beside another one, and answers with its URL; for a server that another process started. */
export async function createDatabaseBeside(url: string, name: string): Promise<string> {
  await runSql(url, `CREATE DATABASE "${name}"`);
  const beside = new URL(url);
  beside.pathname = `/${name}`;
  return beside.href;
}

/** The sessions of a killed server see a little later that it is gone; until then no other one may start. */
async function startAfter(start: () => Promise<ServerProcess>): Promise<ServerProcess> {
  for (;;) {
    try {
      return await start();
    } catch (error) {
      if (!String(error).includes("pre-existing shared memory block")) throw error;
    }
  }
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
