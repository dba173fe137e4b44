// Removes one workspace, and kills itself at the nth moment of that: `remove-and-die.ts <dataDir> <agentId> <taskId> <n>`.
// Prints the moment it dies at, or `done <moments>` when there are fewer.
import { writeSync } from "node:fs";
import { createGit, createRemotes } from "@mosaic/git";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createWorkspaces } from "../../src/git/create-workspaces.ts";
import { interruption } from "./interrupted.ts";

const [dataDir = "", agentId = "", taskId = "", last = ""] = process.argv.slice(2);
let moments = 0;
const { git, sandbox, reach } = interruption((what) => {
  moments += 1;
  if (moments !== Number(last)) return;
  writeSync(1, what);
  process.kill(process.pid, "SIGKILL");
});
const workspaces = await createWorkspaces({
  dataDir,
  git: git(createGit({ home: join(dataDir, "git-home") })),
  sandbox: sandbox(createBubblewrapSandbox()),
  reach,
  remotes: createRemotes({ allowPrivate: false }),
  identity: { name: "Mosaic Agent", email: "agent@example.com" },
  now: () => new Date(),
  newId: randomUUID,
});
const workspace = await workspaces.reopen(agentId, taskId);
if (workspace !== null) await workspaces.remove(workspace);
await workspaces.close();
writeSync(1, `done ${moments}`);
