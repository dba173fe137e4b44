import { client, methods, PROTOCOL_VERSION, RequestError } from "@agentclientprotocol/sdk";
import { AttemptFailure } from "@mosaic/domain";
import type { TurnOutcome } from "@mosaic/contracts";
import { z } from "zod";
import type { McpServer, Session, Turn } from "../port.ts";
import type { LineLimits } from "../read-lines.ts";
import { createSessionCore, offProtocol, type SessionCoreOptions } from "../session-core.ts";
import { openWire } from "./open-wire.ts";
import { answerPermission } from "./permission.ts";
import { createUpdateTeller } from "./tell-updates.ts";

export interface AcpSessionOptions extends Pick<
  SessionCoreOptions,
  "sandbox" | "sandboxed" | "memoryMb" | "timeoutMs" | "graceMs" | "beginPrompt"
> {
  readonly output: LineLimits;
  /** Whether walls hold what the agent is allowed to do. */
  readonly isolates: boolean;
  /** Characters of a tool's output that are told. */
  readonly maxToolOutput: number;
  /** Milliseconds in which updates still count after the turn's answer: agents send them later than that. */
  readonly drainMs: number;
}

export interface AcpStart {
  /** The agent's tree, as its process sees it. */
  readonly cwd: string;
  /** Goes before the first prompt: the protocol knows no other place. */
  readonly system: string;
  readonly mcpServers: readonly McpServer[];
}

export interface AcpSession {
  readonly session: Session;
  /** Waits until there is a session to prompt. @throws AttemptFailure `runtime` */
  begin(start: AcpStart, timeoutMs: number): Promise<void>;
}

/** Answers are not believed to have the form they should have. */
const Initialized = z.looseObject({ protocolVersion: z.number() });
const Opened = z.looseObject({ sessionId: z.string().min(1) });
const PromptAnswer = z.looseObject({ stopReason: z.string() });

const OUTCOME: Readonly<Record<string, TurnOutcome | undefined>> = {
  end_turn: "done",
  max_tokens: "max_tokens",
  max_turn_requests: "max_turns",
  refusal: "refusal",
  cancelled: "cancelled",
};

/**
 * A session with an agent that speaks the Agent Client Protocol. Nothing of ours is offered to it, neither files nor
 * terminals: it does its own work inside. What it says of its usage is not believed; the gateway keeps the ledger.
 */
export function createAcpSession(options: AcpSessionOptions): AcpSession {
  let sessionId = "";
  let preamble = "";
  let stopping = false;

  const { stream, lines } = openWire({
    ...options,
    onNotification(method, params) {
      if (method === methods.client.session.update) teller.take(params);
    },
    onOverflow: (why) => core.giveUp(new AttemptFailure("output_limit", `the agent was stopped: ${why}`)),
    onNonsense: (why) => core.giveUp(offProtocol(why)),
  });
  const core = createSessionCore({
    ...options,
    drained: lines.ended,
    onPrompt: (text) => void takeTurn(text),
    onCancel() {
      stopping = true;
      void agent.notify(methods.agent.session.cancel, { sessionId }).catch(() => undefined);
    },
    onFailure: (failure) => connection.close(failure),
  });
  const teller = createUpdateTeller((event) => core.emit(event), options.maxToolOutput);
  const connection = client({ name: "mosaic" })
    .onRequest(
      methods.client.session.requestPermission,
      (params: unknown) => params,
      ({ params }) => {
        const { answer, told } = answerPermission(params, options.isolates);
        core.emit({ type: "notice", text: told });
        return { outcome: answer };
      },
    )
    .connect(stream);
  const { agent } = connection;

  async function takeTurn(text: string): Promise<void> {
    const prompt = [{ type: "text" as const, text: preamble === "" ? text : `${preamble}\n\n${text}` }];
    preamble = "";
    stopping = false;
    try {
      const answer: unknown = await agent.request(methods.agent.session.prompt, { sessionId, prompt });
      const { stopReason } = PromptAnswer.parse(answer);
      await endTurn({ outcome: OUTCOME[stopReason] ?? "unknown_stop", requests: 0 });
    } catch (error) {
      // Whatever ended the connection was told already.
      if (core.failure !== null) return;
      if (!(error instanceof RequestError)) return core.giveUp(offProtocol(messageOf(error)));
      // Some answer a request to stop with the error of what they stopped.
      if (stopping) return endTurn({ outcome: "cancelled", requests: 0 });
      const message = `the agent answered: ${error.message}`;
      await endTurn({ outcome: "model_error", requests: 0, message });
    }
  }

  async function endTurn(turn: Turn): Promise<void> {
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    const clock = setTimeout(resolve, options.drainMs);
    // A process that is gone has said all that it had to say.
    void lines.ended.then(resolve);
    await drained;
    clearTimeout(clock);
    teller.flush();
    core.endTurn(turn);
  }

  return {
    session: core.session,
    async begin({ cwd, system, mcpServers }, timeoutMs) {
      const late = (): void => core.giveUp(offProtocol(`it was not ready after ${timeoutMs} ms`));
      const clock = setTimeout(late, timeoutMs);
      try {
        const initialized: unknown = await agent.request(methods.agent.initialize, {
          protocolVersion: PROTOCOL_VERSION,
          clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
        });
        const { protocolVersion } = Initialized.parse(initialized);
        if (protocolVersion !== PROTOCOL_VERSION)
          throw offProtocol(`it speaks version ${protocolVersion}, we speak ${PROTOCOL_VERSION}`);
        const opened: unknown = await agent.request(methods.agent.session.new, {
          cwd,
          mcpServers: mcpServers.map(stdioServer),
        });
        ({ sessionId } = Opened.parse(opened));
        preamble = system;
      } catch (error) {
        if (core.failure !== null) throw core.failure;
        if (error instanceof AttemptFailure) throw error;
        throw new AttemptFailure("runtime", `the agent could not be started: ${messageOf(error)}`, {
          cause: error,
        });
      } finally {
        clearTimeout(clock);
      }
    },
  };
}

/** As the protocol has it. */
function stdioServer({ name, command: [command, ...args], env }: McpServer) {
  return { name, command, args, env: Object.entries(env).map(([key, value]) => ({ name: key, value })) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
