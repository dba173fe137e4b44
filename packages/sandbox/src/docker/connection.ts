import type Docker from "dockerode";
import { Agent } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { EngineError, explain } from "./engine-error.ts";

/** Longest wait for an answer, in milliseconds: a healthy engine needs a tenth of a second, a busy one seconds. */
const ANSWER_MS = 20_000;

/** A way to an engine; what is asked through it is bounded in time, and fails with an `EngineError`. */
export interface Connection {
  readonly socketPath: string;
  readonly docker: Docker;
  /** @param what in the words of the message, when it fails */
  readonly asked: <T>(what: string, ask: (abortSignal: AbortSignal) => Promise<unknown>) => Promise<T>;
  /** What dockerode has no function for. */
  readonly call: <T>(what: string, call: Call) => Promise<T>;
  /** A connection that carries streams from its answer on. */
  readonly stream: (what: string, call: Pick<Call, "path" | "query">) => Promise<Duplex>;
  /** Without a bound: the whole text of an answer that may take as long as a container runs. */
  readonly awaited: (what: string, call: Call) => Promise<string>;
}

export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Those that are an answer. Default: 200 and 201. */
  readonly statuses?: readonly number[];
}

/** Connects to the engine behind a unix socket. DOCKER_HOST and its like in the environment change nothing. */
export async function connect(socketPath: string, answerMs = ANSWER_MS): Promise<Connection> {
  const docker = await dockerClient(socketPath);
  const explained = (what: string, error: unknown) => explain(error, { what, socketPath, answerMs });
  const asked: Connection["asked"] = async <T>(
    what: string,
    ask: (abortSignal: AbortSignal) => Promise<unknown>,
  ) => {
    try {
      return (await bounded(ask, answerMs)) as T;
    } catch (error) {
      throw explained(what, error);
    }
  };
  return {
    socketPath,
    docker,
    asked,
    call: (what, call) => asked(what, (abortSignal) => dial(docker, { ...request(call), abortSignal })),
    stream: (what, call) =>
      asked(what, (abortSignal) =>
        dial(docker, { ...request({ method: "POST", ...call }), ...UPGRADE, abortSignal }),
      ),
    async awaited(what, call) {
      try {
        return await text((await dial(docker, { ...request(call), isStream: true })) as Readable);
      } catch (error) {
        throw explained(what, error);
      }
    },
  };
}

/**
 * docker-modem (5.0) writes out each request in full for a log that nobody reads, its agent with every open connection
 * and what is in them among it: with thirty containers that stopped the event loop for seconds.
 */
class TerseAgent extends Agent {
  [inspect.custom](): string {
    return "Agent";
  }
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
    agent: new TerseAgent({ keepAlive: false }),
  } as const;
  return new Dockerode(options);
}

/** Null for what the engine does not have. */
export async function orNull<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return null;
    throw error;
  }
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

/** dockerode's `attach` sends its options as a body, too, which Podman takes for the beginning of stdin. This sends none. */
const UPGRADE = { hijack: true, isStream: true, file: Buffer.alloc(0) };

interface Dialing {
  dial(options: object, callback: (error: unknown, answer: unknown) => void): void;
}

/** In docker-modem's words. It takes the query and the body out of the options only when the path ends in a question mark. */
function request({ method, path, query = {}, body = {}, statuses = [200, 201] }: Call): object {
  const statusCodes = Object.fromEntries(statuses.map((status) => [status, true]));
  return { method, path: `${path}?`, options: { _query: query, _body: body }, statusCodes };
}

async function dial(docker: Docker, options: object): Promise<unknown> {
  const asking = Promise.withResolvers<unknown>();
  (docker.modem as Dialing).dial(options, (error, answer) => {
    if (error === null || error === undefined) asking.resolve(answer);
    else asking.reject(error);
  });
  return await asking.promise;
}
