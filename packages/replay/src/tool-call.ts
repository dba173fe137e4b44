import { VERBS, type ToolStep, type Verb } from "./scenario.ts";

/** The step wants a tool that the request does not offer. */
export class ToolNotOfferedError extends Error {
  constructor(verb: string, offered: readonly string[]) {
    super(
      `the scenario's next step needs a tool for '${verb}'; the request offers ${offered.join(", ") || "none"}`,
    );
    this.name = "ToolNotOfferedError";
  }
}

interface Call {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The text editor of the Messages API does the work of three verbs. */
const TEXT_EDITOR = "str_replace_based_edit_tool";

/** Says a step's verb in the words of the tools that the request offers. @throws ToolNotOfferedError */
export function toolCall(step: ToolStep, offered: readonly string[]): Call {
  if (step.call !== undefined) return step.call;
  const verb = VERBS.find((name) => step[name] !== undefined) ?? "bash";
  // Claude Code capitalises the names that the agent toolset writes small.
  const name = offered.find((tool) => tool.toLowerCase() === verb);
  if (name !== undefined) {
    const input = INPUTS[verb](step);
    return { name, input: name === verb ? input : inClaudeCode(verb, input) };
  }
  const editor = editorInput(verb, step);
  if (editor !== null && offered.includes(TEXT_EDITOR)) return { name: TEXT_EDITOR, input: editor };
  throw new ToolNotOfferedError(verb, offered);
}

/** Inputs in the words of the SDK's agent toolset, by verb. */
const INPUTS: Readonly<Record<Verb, (step: ToolStep) => Record<string, unknown>>> = {
  bash: (step) => bashInput(step.bash ?? ""),
  read: (step) => readInput(step.read ?? ""),
  write: (step) => ({ file_path: step.write?.path, content: step.write?.content }),
  edit: (step) => ({
    file_path: step.edit?.path,
    old_string: step.edit?.old,
    new_string: step.edit?.new,
    ...(step.edit?.all === undefined ? {} : { replace_all: step.edit.all }),
  }),
  glob: (step) => patternInput(step.glob ?? ""),
  grep: (step) => patternInput(step.grep ?? ""),
  call: (step) => step.call?.input ?? {},
};

/** What Claude Code says differently (`sdk-tools.d.ts` of its SDK). */
function inClaudeCode(verb: Verb, input: Record<string, unknown>): Record<string, unknown> {
  const { view_range: range, ...rest } = input;
  if (verb === "grep") return { ...rest, output_mode: "content" };
  if (!Array.isArray(range)) return rest;
  const [from, to] = range as [number, number];
  return { ...rest, offset: from, ...(to === 0 ? {} : { limit: to - from + 1 }) };
}

function bashInput(bash: NonNullable<ToolStep["bash"]>): Record<string, unknown> {
  if (typeof bash === "string") return { command: bash };
  const timeout = bash.timeoutMs === undefined ? {} : { timeout_ms: bash.timeoutMs };
  return { command: bash.command, ...timeout };
}

function readInput(read: NonNullable<ToolStep["read"]>): Record<string, unknown> {
  if (typeof read === "string") return { file_path: read };
  if (read.from === undefined && read.to === undefined) return { file_path: read.path };
  return { file_path: read.path, view_range: [read.from ?? 1, read.to ?? 0] };
}

function patternInput(
  search: string | { pattern: string; path?: string | undefined },
): Record<string, unknown> {
  if (typeof search === "string") return { pattern: search };
  return { pattern: search.pattern, ...(search.path === undefined ? {} : { path: search.path }) };
}

function editorInput(verb: Verb, step: ToolStep): Record<string, unknown> | null {
  if (verb === "read") {
    const read = readInput(step.read ?? "");
    const range = read["view_range"] === undefined ? {} : { view_range: read["view_range"] };
    return { command: "view", path: read["file_path"], ...range };
  }
  if (verb === "write") return { command: "create", path: step.write?.path, file_text: step.write?.content };
  if (verb !== "edit") return null;
  return { command: "str_replace", path: step.edit?.path, old_str: step.edit?.old, new_str: step.edit?.new };
}
