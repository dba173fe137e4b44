import { ApiError, InvalidResponseError, UnreachableError } from "@mosaic/client";
import type { Problem } from "@mosaic/contracts";
import { CliError, EXIT } from "../exit.ts";
import { clean, cleanLine } from "../terminal/clean.ts";

/** How a command's error is told: message, further lines, exit code, and the server's problem for --json. */
export interface Explanation {
  readonly exitCode: number;
  readonly message: string;
  readonly hints: readonly string[];
  readonly problem?: Problem;
}

const HINTS: Partial<Record<Problem["code"], string>> = {
  agent_not_found: "`mosaic ls --all` lists every agent and its id.",
  ambiguous_id: "Give more characters of the id; `mosaic ls` shows the agents.",
  unauthenticated:
    "Set MOSAIC_TOKEN to a token of this server, or MOSAIC_HOME to the data folder of the server on this machine.",
  forbidden: "Use a token with the scope it needs.",
  sandbox_unavailable: "`mosaic doctor` says what is missing.",
  budget_exhausted: "`mosaic costs` shows what was spent and what the budgets leave.",
  queue_full: "Wait, or look at `mosaic queue stats`.",
  task_conflict: "Choose another --task-id, or repeat exactly what you asked for under this one.",
  agent_elsewhere:
    "Repeat the command with --url and the address of that orchestrator; one that is silent has to be started first.",
  host_not_allowed: "The server has to list this host name in MOSAIC_ALLOWED_HOSTS.",
};

/** Turns whatever a command threw into words and an exit code. */
export function explain(error: unknown, url: string): Explanation {
  if (error instanceof CliError) {
    return { exitCode: error.exitCode, message: error.message, hints: error.hints };
  }
  if (error instanceof ApiError) return explainRefusal(error);
  if (error instanceof UnreachableError) {
    return {
      exitCode: EXIT.unreachable,
      message: `the orchestrator does not answer: ${cleanLine(error.message)}`,
      hints: ["Start it with `mosaic up`, or say where it is with --url or MOSAIC_URL."],
    };
  }
  if (error instanceof InvalidResponseError) {
    return {
      exitCode: EXIT.failure,
      message: `${url} does not answer like an orchestrator of this version: ${cleanLine(error.message)}`,
      hints: [
        "Check --url and MOSAIC_URL (the orchestrator's default port is 3001), and `mosaic --version` on both sides.",
      ],
    };
  }
  if (isAbort(error)) return { exitCode: EXIT.interrupted, message: "interrupted", hints: [] };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: EXIT.failure,
    message: "mosaic itself failed, which is a bug",
    hints: clean(text).split("\n"),
  };
}

/** True for what an aborted signal makes calls throw. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function explainRefusal(error: ApiError): Explanation {
  const { problem, status } = error;
  const auth = status === 401 || problem?.code === "forbidden" || (status === 403 && problem === undefined);
  const exitCode = auth ? EXIT.auth : EXIT.failure;
  if (problem === undefined) {
    return { exitCode, message: `the server answered ${status}: ${cleanLine(error.message)}`, hints: [] };
  }
  const hint = HINTS[problem.code];
  return {
    exitCode,
    message: clean(problem.detail === "" ? problem.title : problem.detail),
    hints: [
      ...(problem.errors ?? []).map((field) => cleanLine(`${field.pointer}: ${field.detail}`)),
      ...(error.retryAfter === undefined ? [] : [`Try again in ${error.retryAfter} s.`]),
      ...(hint === undefined ? [] : [hint]),
      cleanLine(`(${problem.code}, request ${problem.requestId})`),
    ],
    problem,
  };
}
