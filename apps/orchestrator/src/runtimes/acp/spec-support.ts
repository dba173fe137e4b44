import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stage } from "../conformance/subject.ts";
import type { Runtime } from "../port.ts";
import { createAcpRuntime } from "./create-acp-runtime.ts";

/** What an agent of our own does where the protocol lets it choose. Each is a piece of a program for Node. */
export interface Script {
  /** `message` is the request; `answer(message.id, result)` answers it. */
  readonly onInitialize?: string;
  readonly onNew?: string;
  readonly onPrompt?: string;
  readonly onCancel?: string;
}

const ANSWER_INITIALIZE = "answer(message.id, { protocolVersion: 1, agentCapabilities: {} })";
const ANSWER_NEW = 'answer(message.id, { sessionId: "s" })';
/** Ends the turn. */
export const END = 'answer(message.id, { stopReason: "end_turn" })';
/** Says a text. */
export const say = (text: string): string =>
  `update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: ${text} } })`;

/** An agent that speaks the protocol, without a library, so that it can also speak it wrongly. */
export function agentProgram(script: Script): string {
  return `
import { execSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
const write = (text) => process.stdout.write(text + "\\n");
const send = (message) => write(JSON.stringify({ jsonrpc: "2.0", ...message }));
const answer = (id, result) => send({ id, result });
const refuse = (id, message) => send({ id, error: { code: -32603, message } });
const notify = (method, params) => send({ method, params });
const update = (one) => notify("session/update", { sessionId: "s", update: one });
let prompts = 0;
let answers = new Map();
let running = null;
createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.method === "initialize") { ${script.onInitialize ?? ANSWER_INITIALIZE}; }
  if (message.method === "session/new") { ${script.onNew ?? ANSWER_NEW}; }
  if (message.method === "session/prompt") { prompts += 1; const text = message.params.prompt[0].text; ${script.onPrompt ?? END}; }
  if (message.method === "session/cancel") { ${script.onCancel ?? ""}; }
  if (message.method === undefined) answers.get(message.id)?.(message);
});
`;
}

/** A runtime whose agent is `program`, for Node. */
export async function scriptedRuntime(
  program: string,
  { folder, startTimeoutMs = 30_000, ...stage }: Stage,
): Promise<Runtime> {
  await writeFile(join(folder, "agent.mjs"), program);
  return createAcpRuntime({
    name: "scripted",
    nodePath: process.execPath,
    output: { lineBytes: 1_000_000, totalBytes: 100_000_000 },
    ...stage,
    config: {
      command: ["node", "/opt/agent/agent.mjs"],
      env: {},
      folders: [{ from: folder, to: "/opt/agent" }],
      version: "1",
      startTimeoutMs,
    },
  });
}
