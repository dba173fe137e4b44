import { pino, type Logger as PinoLogger, type LoggerOptions as PinoOptions } from "pino";
import { redactValue } from "./redact-fields.ts";

/** Structured logger: `logger.info({ agentId }, "agent is running")`. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  /** Plane name, in every line. */
  readonly name: string;
  readonly level: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  /** Takes secrets out of messages and every string value. */
  readonly redact: (text: string) => string;
  /** Default: standard output, written synchronously so that a crash loses no line. */
  readonly destination?: { write(line: string): void };
}

type Fields = Record<string, unknown>;

/**
 * Pino takes a missing message from the error, after its hooks have run; the message is set here instead, so that it is
 * redacted like every other.
 */
function withMessage(args: unknown[]): unknown[] {
  const [first, message, ...rest] = args;
  if (message !== undefined) return args;
  if (first instanceof Error) return [{ err: first }, first.message, ...rest];
  const error = typeof first === "object" && first !== null ? (first as Fields)["err"] : undefined;
  return error instanceof Error ? [first, error.message, ...rest] : args;
}

type Child = (this: Logger, bindings: Fields, options?: object) => Logger;

/** Pino does not run its bindings formatter for children; they inherit this method instead. */
function redactChildBindings(logger: Logger, redactFields: (fields: Fields) => Fields): void {
  const plainChild = Reflect.get(logger, "child") as unknown as Child;
  const child: Child = function child(bindings, options) {
    return plainChild.call(this, redactFields(bindings), options);
  };
  Object.defineProperty(logger, "child", { value: child });
}

/** A Pino logger that writes JSON lines and never a credential: neither in messages nor in any field. */
export function createLogger({ name, level, redact, destination }: LoggerOptions): Logger {
  const redactFields = (fields: Fields) => redactValue(fields, redact) as Fields;
  const options: PinoOptions = {
    level,
    base: { name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }), log: redactFields },
    // `redactFields` has already turned errors into plain data; the default serializer would call them "Object".
    serializers: { err: (error: unknown) => error },
    hooks: {
      logMethod(args, method) {
        const [first, ...rest] = withMessage(args);
        const fields = typeof first === "string" ? redact(first) : first;
        const message = rest.map((part) => redactValue(part, redact));
        method.apply(this, [fields, ...message] as Parameters<typeof method>);
      },
    },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  redactChildBindings(logger, redactFields);
  return logger;
}
