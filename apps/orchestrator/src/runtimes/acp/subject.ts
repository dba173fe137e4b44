import { INSIST, type Part, type Subject } from "../conformance/subject.ts";
import { agentProgram, END, say, scriptedRuntime, type Script } from "./spec-support.ts";

const CANCEL = `running?.child.kill(); if (running) answer(running.id, { stopReason: "cancelled" }); running = null`;

const PARTS: Partial<Record<Part, Script>> = {
  attempts: {
    onPrompt: `writeFileSync("attempt.txt", "Attempt " + prompts + "."); ${say('"That "')}; ${say('"was it."')}; ${END}`,
  },
  slow: {
    onPrompt: `if (prompts > 1) return ${END};
      running = { id: message.id, child: spawn("tail", ["-f", "/dev/null"]) };
      writeFileSync("started.txt", "yes")`,
    onCancel: CANCEL,
  },
  escape: {
    onPrompt: `for (const options of [{}, { detached: true }])
        spawn("sh", ["-c", "tail -f /dev/null & tail -f /dev/null"], { ...options, stdio: "ignore" });
      writeFileSync("started.txt", "yes")`,
  },
  look: {
    onPrompt: `const environ = "cat /proc/*/environ | tr '\\\\0' '\\\\n'";
      execSync("(pwd; node --version; git --version; env; echo Others:; " + environ + ") > seen.txt 2>/dev/null; true");
      ${END}`,
  },
  insist: {
    onPrompt: `let stopped = false;
      running = { id: message.id, child: { kill: () => { stopped = true; } } };
      void (async () => { ${INSIST} })()`,
    onCancel: CANCEL,
  },
  garbage: { onPrompt: 'write("{nonsense")' },
  flood: {
    onPrompt: `const on = () => { while (process.stdout.write(JSON.stringify({ jsonrpc: "2.0", method: "x/y" }) + "\\n")); };
      process.stdout.on("drain", on); on()`,
  },
  "long-line": { onPrompt: say('"x".repeat(20_001)') },
  crash: { onPrompt: 'process.stderr.write("last word", () => process.exit(3))' },
  shot: { onPrompt: 'process.kill(process.pid, "SIGKILL")' },
  deaf: { onPrompt: "" },
  leave: { onPrompt: `${END}; process.exit(0)` },
  stillborn: { onInitialize: "process.exit(9)" },
  mute: { onInitialize: "" },
};

export const scripted: Subject = {
  name: "acp, with an agent of our own",
  metered: false,
  hasProtocol: true,
  isReadyFirst: true,
  runtime: (part, stage) => scriptedRuntime(agentProgram(PARTS[part] ?? {}), stage),
};
