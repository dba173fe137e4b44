import type { Part, Subject } from "../conformance/subject.ts";
import { claudeCodeRuntime, installInstead, standIn } from "./spec-support.ts";

const text = (words: string): string =>
  `say({ type: "assistant", message: { id: "m", content: [{ type: "text", text: ${words} }] }, parent_tool_use_id: null })`;

const BROKEN: Partial<Record<Part, string>> = {
  garbage: standIn('process.stdout.write("{nonsense\\n")'),
  flood: standIn(
    `const on = () => { while (${text('"on and on"')}); }; process.stdout.on("drain", on); on()`,
  ),
  "long-line": standIn(text('"x".repeat(20_001)')),
  crash: standIn('process.stderr.write("last word", () => process.exit(3))'),
  shot: standIn('process.kill(process.pid, "SIGKILL")'),
  deaf: standIn(""),
  leave: standIn(
    'say({ type: "result", subtype: "success", is_error: false, result: "", stop_reason: "end_turn" }); process.exit(0)',
  ),
  stillborn: standIn("", "process.exit(9)"),
  mute: standIn("", ""),
};

/** Claude Code as the suite of all runtimes sees it; broken ones are stand-ins behind the real SDK. */
export const claudeCode: Subject = {
  name: "claude-code",
  metered: true,
  hasProtocol: true,
  isReadyFirst: true,
  async runtime(part, { folder, ...stage }) {
    const broken = BROKEN[part];
    if (broken === undefined) return claudeCodeRuntime(stage);
    await installInstead(folder, broken);
    return claudeCodeRuntime({ folder, ...stage });
  },
};
