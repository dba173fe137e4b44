import { dirname, isAbsolute } from "node:path";
import type { SandboxSpec } from "@mosaic/sandbox";
import {
  createAgentSandboxes,
  socketInside,
  TREE,
  type AgentProgram,
  type AgentSandboxOptions,
} from "../agent-sandbox.ts";
import { beginSession } from "../begin-session.ts";
import type { McpServer, Runtime, SessionRequest } from "../port.ts";
import { DEFAULT_OUTPUT, type LineLimits } from "../read-lines.ts";
import type { AgentSdk, Query, SpawnOptions } from "./agent-sdk.ts";
import { createClaudeSession } from "./claude-session.ts";
import { findAgentSdk } from "./find-agent-sdk.ts";
import { createLaunch, type Launch } from "./launch.ts";
import { loadAgentSdk, REMEDY, unusable } from "./load-agent-sdk.ts";
import { claudeEnvironment, PROGRAM, queryOptions } from "./query-options.ts";
import { createUserMessages, type UserMessages } from "./user-messages.ts";

export interface ClaudeCodeOptions extends AgentSandboxOptions {
  /** Folders with a `node_modules` in which the SDK is looked for first. */
  readonly folders: readonly string[];
  /** Milliseconds one turn may take. Default: no limit but the caller's signal. */
  readonly timeoutMs?: number;
  /** Milliseconds until Claude Code must be ready. Default 60,000: its first start reads 370 MB from the disk. */
  readonly startTimeoutMs?: number;
  /** Milliseconds between asking a turn to stop and killing it. Default 4,000. */
  readonly graceMs?: number;
  /** Tool output that is passed on, in bytes; the middle of longer output is cut out. Default 65,536. */
  readonly maxToolOutputBytes?: number;
  /** A line holds one tool call or result. */
  readonly output?: LineLimits;
}

const DEFAULTS = {
  startTimeoutMs: 60_000,
  graceMs: 4_000,
  maxToolOutputBytes: 65_536,
  output: DEFAULT_OUTPUT,
};

/**
 * Runs agents with Claude Code: its SDK in this process, its program in the sandbox (DESIGN §7). Both are an optional
 * installation of the owner's, loaded when the first agent needs them.
 */
export function createClaudeCodeRuntime(given: ClaudeCodeOptions): Runtime {
  const options = { ...DEFAULTS, ...given };
  const { sandbox } = options;
  const sandboxes = createAgentSandboxes(options);

  return {
    name: "claude-code",
    kind: "claude-code",
    async status() {
      const search = await findAgentSdk(options);
      if (search.found) return { installed: true, version: search.sdk.version };
      return { installed: false, problem: search.problem, remedy: REMEDY };
    },
    async start(request, signal) {
      const { sdk, binary } = await loadAgentSdk(options.folders);
      const draft = await sandboxes.describe(request, () => programOf(binary, request));
      const launch = createLaunch();
      const prompts = createUserMessages();
      const query = converse(sdk, { ...options, request, draft, launch, prompts });
      try {
        const spec = asAsked(draft, await askedBy(query, launch));
        const agent = createClaudeSession({
          ...options,
          query,
          launch,
          prompts,
          sandboxed: await sandboxes.start(spec),
          sandbox: sandbox.name,
          memoryMb: spec.limits.memoryMb,
          beginPrompt: request.beginPrompt,
          timeoutMs: options.timeoutMs ?? null,
        });
        return await beginSession(agent.session, () => agent.begin(options.startTimeoutMs), signal);
      } catch (error) {
        // Without a process the SDK would wait for one.
        launch.end(null, null);
        query.close();
        throw error;
      }
    },
  };
}

interface Conversation extends Pick<ClaudeCodeOptions, "sandbox"> {
  readonly request: SessionRequest;
  readonly draft: SandboxSpec;
  readonly launch: Launch;
  readonly prompts: UserMessages;
}

/** Begins the SDK's part of a session. @throws AttemptFailure `runtime` */
function converse(sdk: AgentSdk, { sandbox, request, draft, launch, prompts }: Conversation): Query {
  const resolve = (path: string): string => sandbox.resolve(draft, path);
  const mcpServers = request.mcpServers.map((server) => reached(server, resolve));
  try {
    return sdk.query({
      prompt: prompts,
      options: {
        ...queryOptions({ ...request, isolated: sandbox.isolates, mcpServers }),
        cwd: TREE,
        env: { ...draft.env },
        pathToClaudeCodeExecutable: PROGRAM,
        spawnClaudeCodeProcess: launch.spawn,
      },
    });
  } catch (cause) {
    throw unusable(`the SDK refuses to begin: ${String(cause)}`, cause);
  }
}

/** What the SDK wants to run. @throws AttemptFailure `runtime` when it gives up before */
async function askedBy(query: Query, launch: Launch): Promise<SpawnOptions> {
  const given = query.initializationResult().then(
    () => launch.asked,
    (cause: unknown) => {
      throw unusable(`the SDK gave up before it began: ${String(cause)}`, cause);
    },
  );
  return Promise.race([launch.asked, given]);
}

function programOf(binary: string, request: SessionRequest): AgentProgram {
  return {
    command: [PROGRAM],
    mounts: [{ source: dirname(binary), target: dirname(PROGRAM), writable: false }],
    env: claudeEnvironment(socketInside(request)),
  };
}

/** The sandbox with the arguments and the environment that the SDK settled on. */
function asAsked(draft: SandboxSpec, { args, env }: SpawnOptions): SandboxSpec {
  const whole = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...draft, command: [...draft.command, ...args], env: Object.fromEntries(whole) };
}

/** A server whose paths read as its process reaches them: they do not go through the sandbox's own translation. */
function reached(server: McpServer, resolve: (path: string) => string): McpServer {
  const [program, ...args] = server.command.map((part) => (isAbsolute(part) ? resolve(part) : part));
  return { ...server, command: [program ?? "", ...args] };
}
