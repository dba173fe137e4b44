import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, orNull, type Connection } from "../docker/connection.ts";
import { EngineError } from "../docker/engine-error.ts";
import { dockerEngine, type Created, type Engine } from "../docker/engine.ts";
import type { ContainerSettings } from "../docker/settings.ts";
import { SandboxError } from "../port.ts";
import type { LibpodContainer, OciConfig } from "./oci-config.ts";
import { specGenerator } from "./request.ts";
import { differences } from "./verify.ts";

/** Podman's own API. Later versions answer to this one, too. */
const LIBPOD = "/v4.0.0/libpod";

/**
 * The Podman engine behind a unix socket. Its Docker-compatible API does what carries no settings; containers are made and
 * looked at by its own, since that one leaves out half of them.
 *
 * @param answerMs longest wait for one answer, in milliseconds
 */
export async function connectPodman(socketPath: string, answerMs?: number): Promise<Engine> {
  const connection = await connect(socketPath, answerMs);
  const engine = dockerEngine(connection);
  return {
    ...engine,
    async info() {
      const [info, isRootless] = await Promise.all([engine.info(), rootless(connection)]);
      const options = [...(info.SecurityOptions ?? []), ...(isRootless ? ["name=rootless"] : [])];
      return { ...info, SecurityOptions: options };
    },
    create: async (name, settings) =>
      await withSeccompFile(settings, (file) => create(connection, { name, settings, file })),
    differences: async (id, settings) => await inspected(connection, id, settings),
  };
}

/** Whether it is an ordinary user's, which the Docker-compatible answer leaves out. */
async function rootless(connection: Connection): Promise<boolean> {
  const { host } = await connection.call<LibpodInfo>("info", { method: "GET", path: `${LIBPOD}/info` });
  return host.security.rootless;
}

interface LibpodInfo {
  readonly host: { readonly security: { readonly rootless: boolean } };
}

interface Creation {
  readonly name: string;
  readonly settings: ContainerSettings;
  readonly file: string;
}

/** Makes it, and sets it up: its OCI runtime holds it before its first program. There is something to look at only then. */
async function create(connection: Connection, { name, settings, file }: Creation): Promise<Created> {
  const made = await connection
    .call<{ Id: string; Warnings?: string[] | null }>("create a container", {
      method: "POST",
      path: `${LIBPOD}/containers/create`,
      body: specGenerator(name, settings, file),
    })
    .catch((error: unknown) => {
      throw isImageGone(error) ? new EngineError(error.message, { status: 404, cause: error }) : error;
    });
  await connection.call("set up a container", {
    method: "POST",
    path: `${LIBPOD}/containers/${made.Id}/init`,
    statuses: [204],
  });
  const found = await inspect(connection, made.Id);
  return { id: made.Id, warnings: made.Warnings ?? [], pid: found?.State.Pid ?? null };
}

/** Docker says 404; Podman says 500, and why. */
const isImageGone = (error: unknown): error is EngineError =>
  error instanceof EngineError && /image not known|no such image/.test(error.message);

/** The engine takes the filter as a file, which it reads once, while it makes the container. */
async function withSeccompFile<T>(
  settings: ContainerSettings,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), "mosaic-filter-"));
  try {
    const file = path.join(folder, "seccomp.json");
    await writeFile(file, settings.seccomp);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inspected(
  connection: Connection,
  id: string,
  settings: ContainerSettings,
): Promise<readonly string[] | null> {
  const container = await inspect(connection, id);
  if (container === null) return null;
  const config = await ociConfig(container.OCIConfigPath ?? "");
  return differences(settings, { id, container, config });
}

const inspect = async (connection: Connection, id: string): Promise<LibpodContainer | null> =>
  await orNull(
    connection.call<LibpodContainer>("inspect a container", {
      method: "GET",
      path: `${LIBPOD}/containers/${id}/json`,
    }),
  );

/** @throws SandboxError when it cannot be read: what is not known is not started */
async function ociConfig(file: string): Promise<OciConfig> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as OciConfig;
  } catch (error) {
    throw new SandboxError(
      `what Podman told its OCI runtime about the container cannot be looked at (${file}): Mosaic and Podman's service must run on the same host, as the same user`,
      { cause: error },
    );
  }
}
