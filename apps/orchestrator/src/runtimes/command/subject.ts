import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { INSIST, type Part, type Subject } from "../conformance/subject.ts";
import { createCommandRuntime } from "./create-command-runtime.ts";

/** Programs, each run anew for every prompt, which they read to its end. */
const PARTS: Partial<Record<Part, string>> = {
  attempts: `
    const number = existsSync("attempt.txt") ? 1 + Number(/\\d+/.exec(readFileSync("attempt.txt", "utf8"))[0]) : 1;
    writeFileSync("attempt.txt", "Attempt " + number + ".");
    console.log("That was it.");`,
  slow: `
    if (!prompt.endsWith("Go.")) process.exit(0);
    spawn("tail", ["-f", "/dev/null"]);
    writeFileSync("started.txt", "yes");`,
  escape: `
    for (const options of [{}, { detached: true }])
      spawn("sh", ["-c", "tail -f /dev/null & tail -f /dev/null"], { ...options, stdio: "ignore" });
    process.on("SIGTERM", () => {});
    writeFileSync("started.txt", "yes");`,
  look: `
    const environ = "cat /proc/*/environ | tr '\\\\0' '\\\\n'";
    execSync("(pwd; node --version; git --version; env; echo Others:; " + environ + ") > seen.txt 2>/dev/null; true");`,
  insist: `const stopped = false; ${INSIST}`,
  flood: `
    const on = () => { while (process.stdout.write("on and on\\n")); };
    process.stdout.on("drain", on);
    on();`,
  "long-line": `process.stdout.write("x".repeat(20_001)); setInterval(() => {}, 1e6);`,
  crash: `process.stderr.write("last word", () => process.exit(3));`,
  shot: `process.kill(process.pid, "SIGKILL");`,
  deaf: `process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6);`,
};

export const command: Subject = {
  name: "command",
  metered: false,
  hasProtocol: false,
  isReadyFirst: false,
  async runtime(part, { folder, ...stage }) {
    await writeFile(
      join(folder, "part.mjs"),
      `import { execSync, spawn } from "node:child_process";
       import { existsSync, readFileSync, writeFileSync } from "node:fs";
       const prompt = readFileSync(0, "utf8");
       ${PARTS[part] ?? ""}`,
    );
    return createCommandRuntime({
      name: "program",
      nodePath: process.execPath,
      output: { lineBytes: 1_000_000, totalBytes: 10_000_000 },
      ...stage,
      config: {
        command: ["node", "/opt/part/part.mjs"],
        env: {},
        folders: [{ from: folder, to: "/opt/part" }],
        prompt: "stdin",
        version: "1",
      },
    });
  },
};
