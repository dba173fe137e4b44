#!/usr/bin/env node
// Plain JavaScript on purpose: it must parse on any Node, to say what is wrong with an old one.
import { homedir } from "node:os";
import { join } from "node:path";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `mosaic: Node ${process.versions.node} is too old; use \`npx mosaic\` in the checkout (it brings Node 24), or install Node 24.\n`,
  );
  process.exitCode = 1;
} else {
  // Keeps compiled code between two commands, which then start in half the time. A folder of this user, not /tmp.
  const { enableCompileCache } = await import("node:module");
  enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "mosaic", "compiled"));
  await import("../src/main.ts");
}
