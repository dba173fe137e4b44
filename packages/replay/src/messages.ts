import type { IncomingMessage, ServerResponse } from "node:http";
import { PlaceholderError } from "./placeholder.ts";
import { digest, firstPrompt } from "./position.ts";
import { inputTokens, replyTo, stepOf, type Reply } from "./reply.ts";
import { conversationFault, MessagesRequest } from "./request.ts";
import type { Fault, Scenario } from "./scenario.ts";
import { sendError, sendJson, sendReply } from "./send.ts";
import { ToolNotOfferedError } from "./tool-call.ts";

/** The Messages API's own limit of a request. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Conversations whose faults are counted at a time; the oldest are forgotten. */
const MAX_COUNTED = 10_000;

/** `[scenario: name]` in a conversation's first prompt chooses its scenario. */
const CHOICE = /\[scenario: ([a-z][a-z0-9-]*)\]/;

export interface ScriptedModel {
  messages(request: IncomingMessage, response: ServerResponse): Promise<void>;
  countTokens(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/**
 * The scripted model's two endpoints. `choose` loads the scenario that a conversation asks for by name.
 * It is stateless but for one thing: how often each exact conversation was asked, so that a fault can strike a
 * request and spare its repetition.
 */
export function createScriptedModel(
  scenario: Scenario,
  choose: (name: string) => Promise<Scenario>,
): ScriptedModel {
  const asked = new Map<string, number>();

  function fault(chosen: Scenario, request: MessagesRequest): Fault | null {
    const { fault: planned } = stepOf(chosen, request);
    if (planned === undefined) return null;
    const conversation = digest(chosen.name, request.messages);
    const count = asked.get(conversation) ?? 0;
    const oldest = asked.size >= MAX_COUNTED ? asked.keys().next().value : undefined;
    if (oldest !== undefined) asked.delete(oldest);
    asked.set(conversation, count + 1);
    return planned.times === "always" || count < planned.times ? planned : null;
  }

  async function scenarioFor(request: MessagesRequest): Promise<Scenario> {
    const name = CHOICE.exec(firstPrompt(request.messages))?.[1];
    return name === undefined ? scenario : choose(name);
  }

  return {
    async messages(request, response) {
      const body = await readRequest(request, response);
      if (body === null) return;
      if (body.max_tokens === undefined) {
        return sendError(response, { status: 400, message: "max_tokens: Field required" });
      }
      const wrong = conversationFault(body.messages);
      if (wrong !== null) return sendError(response, { status: 400, message: wrong });
      const chosen = await scenarioFor(body);
      const reply = script(chosen, body);
      if (typeof reply === "string") return sendError(response, { status: 400, message: reply });
      return sendReply(response, { reply, stream: body.stream, fault: fault(chosen, body) });
    },
    async countTokens(request, response) {
      const body = await readRequest(request, response);
      if (body !== null) sendJson(response, 200, { input_tokens: inputTokens(body) });
    },
  };
}

/** The reply, or why the script has none for this request. */
function script(scenario: Scenario, request: MessagesRequest): Reply | string {
  try {
    return replyTo(scenario, request);
  } catch (error) {
    if (error instanceof ToolNotOfferedError || error instanceof PlaceholderError) return error.message;
    throw error;
  }
}

async function readRequest(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<MessagesRequest | null> {
  const text = await readBody(request);
  if (text === null) {
    sendError(response, { status: 413, message: "Request exceeds the maximum size" });
    return null;
  }
  const parsed = MessagesRequest.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  sendError(response, {
    status: 400,
    message: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`,
  });
  return null;
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not an object: the schema's answer to it is the API's 400.
    return undefined;
  }
}
