import type Docker from "dockerode";
import { Agent } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Container, ContainerRequest, EngineInfo, FoundContainer, Image } from "./engine-answers.ts";
import { EngineError, explain } from "./engine-error.ts";

/** What the adapter asks of a Docker or Podman engine. Everything but `wait` is bounded in time. */
export interface Engine {
  readonly socketPath: string;
  info(): Promise<EngineInfo>;
  create(name: string, request: ContainerRequest): Promise<Created>;
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
}

/** Longest wait for an answer, in milliseconds: a healthy engine needs a tenth of a second, a busy one seconds. */
const ANSWER_MS = 20_000;

/** Connects to the engine behind a unix socket. DOCKER_HOST and its like in the environment change nothing. */
export async function connectEngine(socketPath: string, answerMs = ANSWER_MS): Promise<Engine> {
  const docker = await dockerClient(socketPath);
  const container = (id: string) => docker.getContainer(id);
  const asked = async <T>(what: string, ask: (abortSignal: AbortSignal) => Promise<unknown>): Promise<T> => {
    try {
      return (await bounded(ask, answerMs)) as T;
    } catch (error) {
      throw explain(error, { what, socketPath, answerMs });
    }
  };
  const streams = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };
  return {
    socketPath,
    info: () => asked("info", async () => await docker.info()),
    create: (name, request) =>
      asked("create a container", (abortSignal) => create(docker, { name, request, abortSignal })),
    inspect: (id) =>
      orNull(asked("inspect a container", (abortSignal) => container(id).inspect({ abortSignal }))),
    attach: (id) =>
      asked("attach to a container", (abortSignal) => container(id).attach({ ...streams, abortSignal })),
    start: (id) => asked("start a container", (abortSignal) => container(id).start({ abortSignal })),
    async wait(id) {
      try {
        return await wait(docker, id);
      } catch (error) {
        throw explain(error, { what: "wait for a container", socketPath, answerMs });
      }
    },
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

/** A client of the engine behind a unix socket, and of no other: its environment changes nothing. */
export async function dockerClient(socketPath: string): Promise<Docker> {
  // Loading it takes 0.2 s and 25 MB, which only those pay who have an engine.
  const { default: Dockerode } = await import("dockerode");
  // What is not given here, docker-modem takes from the environment.
  const options = {
    socketPath,
    host: undefined,
    port: undefined,
    protocol: "http",
    timeout: undefined,
    // A connection is made in 0.1 ms. One that was kept may be dead, which only the request on it finds out.
    agent: new Agent({ keepAlive: false }),
  } as const;
  return new Dockerode(options);
}

/** Ends a request that takes too long. The signal is not used after the answer: a stream that came of it stays open. */
async function bounded<T>(ask: (abortSignal: AbortSignal) => Promise<T>, ms: number): Promise<T> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(Object.assign(new Error("no answer in time"), { code: "ABORT_ERR" }));
    controller.abort();
  }, ms);
  try {
    return await Promise.race([ask(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function orNull<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return null;
    throw error;
  }
}

interface Creation {
  readonly name: string;
  readonly request: ContainerRequest;
  readonly abortSignal: AbortSignal;
}

interface Dialing {
  dial(options: object, callback: (error: unknown, answer: unknown) => void): void;
}

/** Not by dockerode's `createContainer`, which drops the warnings. */
async function create(docker: Docker, { name, request, abortSignal }: Creation): Promise<Created> {
  const options = { _query: { name }, _body: request };
  const statusCodes = { 200: true, 201: true };
  const made = { path: "/containers/create?", method: "POST", options, abortSignal, statusCodes };
  const answer = (await dial(docker, made)) as { Id: string; Warnings?: string[] | null };
  return { id: answer.Id, warnings: answer.Warnings ?? [] };
}

/**
 * Not by dockerode's `wait`, which never ends when the connection breaks after the answer's head: an engine sends that at
 * once, and the rest at the container's end.
 */
async function wait(docker: Docker, id: string): Promise<number> {
  const options = { _query: { condition: "not-running" }, _body: {} };
  const asked = { path: `/containers/${id}/wait?`, method: "POST", options, isStream: true };
  const answer = await dial(docker, { ...asked, statusCodes: { 200: true } });
  const { StatusCode } = JSON.parse(await text(answer as Readable)) as { StatusCode?: unknown };
  if (typeof StatusCode !== "number") throw new Error("the answer holds no exit code");
  return StatusCode;
}

async function dial(docker: Docker, request: object): Promise<unknown> {
  const asking = Promise.withResolvers<unknown>();
  (docker.modem as Dialing).dial(request, (error, answer) => {
    if (error === null || error === undefined) asking.resolve(answer);
    else asking.reject(error);
  });
  return await asking.promise;
}
