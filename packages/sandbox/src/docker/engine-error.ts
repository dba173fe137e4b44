/** An engine did not do what it was asked. The message says what to do about it. */
export class EngineError extends Error {
  /** HTTP status of the answer; null when there was none. */
  readonly status: number | null;

  constructor(message: string, options: { readonly status: number | null; readonly cause: unknown }) {
    super(message, { cause: options.cause });
    this.name = "EngineError";
    this.status = options.status;
  }
}

interface Asked {
  readonly what: string;
  readonly socketPath: string;
  readonly answerMs: number;
}

/** As docker-modem throws it. */
interface EngineFailure {
  readonly code?: string;
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
  readonly message?: string;
}

/** A failed request in words. */
export function explain(error: unknown, asked: Asked): EngineError {
  if (error instanceof EngineError) return error;
  const failure = (error ?? {}) as EngineFailure;
  const status = failure.statusCode ?? null;
  if (status === null) return new EngineError(whyNoAnswer(failure, asked), { status, cause: error });
  const said = shortened((failure.json?.message ?? failure.message ?? "no reason").trim());
  const message = `${asked.what}: the engine answered ${String(status)}: ${said}`;
  return new EngineError(message, { status, cause: error });
}

/** Some engines say the whole request again. */
const shortened = (text: string): string => (text.length > 600 ? `${text.slice(0, 600)} …` : text);

function whyNoAnswer({ code, message }: EngineFailure, { what, socketPath, answerMs }: Asked): string {
  switch (code) {
    case "ENOENT":
      return `no engine listens at ${socketPath}: start it (systemctl start docker, or podman.socket), or say where it is (DOCKER_SOCKET, MOSAIC_PODMAN_SOCKET)`;
    case "ECONNREFUSED":
      return `the engine at ${socketPath} is not running: start it (systemctl start docker, or podman.socket)`;
    case "EACCES":
      return `this user may not use ${socketPath}: join its group (usermod -aG docker), which gives root's rights on this host`;
    case "ABORT_ERR":
      return `${what}: the engine at ${socketPath} did not answer within ${String(answerMs / 1000)} s; restart it if it hangs`;
    case undefined:
    default:
      return `${what}: the connection to the engine at ${socketPath} was lost: ${message ?? "no reason given"}`;
  }
}
