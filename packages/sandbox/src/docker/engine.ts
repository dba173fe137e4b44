import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { connect, orNull, type Connection } from "./connection.ts";
import type { Container, EngineInfo, FoundContainer, Image } from "./engine-answers.ts";
import { foreignVariables } from "./foreign-variables.ts";
import { containerRequest } from "./request.ts";
import type { ContainerSettings } from "./settings.ts";
import { differences, tell } from "./verify.ts";

/** What the adapter asks of a Docker or Podman engine. Everything but `wait` is bounded in time. */
export interface Engine {
  readonly socketPath: string;
  info(): Promise<EngineInfo>;
  create(name: string, settings: ContainerSettings): Promise<Created>;
  /**
   * What a container that was made, and not started, is not as it was asked for. Empty when it is exactly so; null when
   * it is gone.
   */
  differences(id: string, settings: ContainerSettings): Promise<readonly string[] | null>;
  /** By id or name; null when there is none. */
  inspect(container: string): Promise<Container | null>;
  /** stdin (half-closed by `end`), and stdout and stderr in frames. */
  attach(id: string): Promise<Duplex>;
  start(id: string): Promise<void>;
  /** When it has ended: its exit code. To be called after `start`: before, it answers at once, with 0. */
  wait(id: string): Promise<number>;
  /** SIGKILL and away with it, by id or name. Resolves also when there is none. */
  remove(container: string): Promise<void>;
  /** Containers with these labels, stopped and never started ones included. */
  list(labels: readonly string[]): Promise<readonly FoundContainer[]>;
  image(reference: string): Promise<Image | null>;
  /** Makes an image of a tar archive of its files. */
  importImage(archive: Readable, options: ImportOptions): Promise<void>;
}

export interface ImportOptions {
  /** Name and tag. Not apart, as the API also allows: Podman would not look at the tag. */
  readonly repo: string;
  /** Instructions of a Dockerfile. */
  readonly changes?: readonly string[];
}

export interface Created {
  readonly id: string;
  /** What the engine did not like about the request, or left out of it. */
  readonly warnings: readonly string[];
  /** Host id of its process 1, where that is there before the start; else null. */
  readonly pid: number | null;
}

/** The Docker engine behind a unix socket. @param answerMs longest wait for one answer, in milliseconds */
export async function connectEngine(socketPath: string, answerMs?: number): Promise<Engine> {
  return dockerEngine(await connect(socketPath, answerMs));
}

/** An engine by the Docker Engine API. */
export function dockerEngine(connection: Connection): Engine {
  const { socketPath, docker, asked } = connection;
  const container = (id: string) => docker.getContainer(id);
  const query = { stream: "true", stdin: "true", stdout: "true", stderr: "true" };
  const inspect: Engine["inspect"] = (id) =>
    orNull(asked("inspect a container", (abortSignal) => container(id).inspect({ abortSignal })));
  return {
    socketPath,
    info: () => asked("info", async () => await docker.info()),
    async create(name, settings) {
      // Not by dockerode's `createContainer`, which drops the warnings.
      const answer = await connection.call<{ Id: string; Warnings?: string[] | null }>("create a container", {
        method: "POST",
        path: "/containers/create",
        query: { name },
        body: containerRequest(settings),
      });
      return { id: answer.Id, warnings: answer.Warnings ?? [], pid: null };
    },
    async differences(id, settings) {
      const found = await inspect(id);
      if (found === null) return null;
      const further = foreignVariables(settings, (found.Config["Env"] ?? []) as readonly string[]);
      const variables = further.length === 0 ? [] : [tell("further variables", "none", further)];
      return [...differences(containerRequest(settings), found), ...variables];
    },
    inspect,
    attach: (id) => connection.stream("attach to a container", { path: `/containers/${id}/attach`, query }),
    start: (id) => asked("start a container", (abortSignal) => container(id).start({ abortSignal })),
    wait: async (id) => await wait(connection, id),
    async remove(id) {
      const options = { force: true, v: true };
      const removing = asked("remove a container", (abortSignal) =>
        container(id).remove({ ...options, abortSignal }),
      );
      await orNull(removing);
    },
    list: (labels) =>
      asked("list containers", (abortSignal) =>
        docker.listContainers({ all: true, filters: JSON.stringify({ label: labels }), abortSignal }),
      ),
    image: (reference) => orNull(asked("inspect an image", () => docker.getImage(reference).inspect())),
    importImage: (archive, options) =>
      asked("import an image", async (abortSignal) => {
        const answer = await docker.importImage(archive, { ...options, abortSignal });
        // One JSON object after the other; a failure is told in the last, with status 200.
        const said = await text(answer);
        if (said.includes('"error"')) throw new Error(said.trim());
      }),
  };
}

/**
 * Not by dockerode's `wait`, which never ends when the connection breaks after the answer's head: an engine sends that at
 * once, and the rest at the container's end.
 */
async function wait(connection: Connection, id: string): Promise<number> {
  const said = await connection.awaited("wait for a container", {
    method: "POST",
    path: `/containers/${id}/wait`,
    query: { condition: "not-running" },
    statuses: [200],
  });
  const { StatusCode, Error: failure } = JSON.parse(said) as Waited;
  if (typeof failure?.Message === "string" && failure.Message !== "") throw new Error(failure.Message);
  if (typeof StatusCode !== "number") throw new Error("the answer holds no exit code");
  return StatusCode;
}

interface Waited {
  readonly StatusCode?: unknown;
  /** It has ended, and the engine does not know how. */
  readonly Error?: { readonly Message?: unknown } | null;
}
