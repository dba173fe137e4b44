import { rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = process.argv[2] ?? `${here}dist/worker.mjs`;
// Renamed into place when it is whole: an agent may start, and another build may run, at any moment.
const unfinished = `${target}.${process.pid}.tmp`;

// One file with nothing outside it but Node itself: it is mounted into a sandbox that has no node_modules.
await build({
  cwd: here,
  input: "src/main.ts",
  platform: "node",
  // The agent toolset has a browser stand-in; the Node one is wanted.
  resolve: { conditionNames: ["node", "import", "default"] },
  external: [/^node:/],
  logLevel: "warn",
  output: { file: unfinished, format: "esm", codeSplitting: false, minify: true },
});
await rename(unfinished, target);
