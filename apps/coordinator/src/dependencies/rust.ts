import { posix } from "node:path";
import type { CommitFiles } from "../detect/commit-files.ts";
import { TREE } from "../detect/gate-command.ts";
import { NOTHING_TO_PREPARE, type PlannedDependencies, type PrepareSettings } from "./plan.ts";

const FOLDER = ".mosaic-cargo";

/** Dependencies of a Cargo project: a cargo home filled by `cargo fetch`, which builds and runs nothing. */
export async function planRust(files: CommitFiles, settings: PrepareSettings): Promise<PlannedDependencies> {
  if (!files.paths.has("Cargo.toml")) return NOTHING_TO_PREPARE;
  const lock = await files.text("Cargo.lock");
  if (lock === null) {
    const message = "The commit has no Cargo.lock. Run 'cargo generate-lockfile' and commit it.";
    return { kind: "unlocked", manager: "cargo", message };
  }
  if (!/^source\s*=/m.test(lock)) return NOTHING_TO_PREPARE;
  const isInput = (path: string) =>
    path === "Cargo.lock" ||
    posix.basename(path) === "Cargo.toml" ||
    /^\.cargo\/config(?:\.toml)?$/.test(path);
  const home = `${TREE}/${FOLDER}`;
  return {
    kind: "plan",
    plan: {
      manager: "cargo",
      program: settings.command === undefined ? "cargo" : null,
      command: settings.command ?? "cargo fetch --locked",
      env: { CARGO_HOME: home },
      inputs: [...files.paths].filter(isInput),
      placeholders: [...files.paths].filter((path) => path.endsWith(".rs")),
      outputs: [{ kind: "folder", path: FOLDER, scratch: [] }],
      runtime: { env: { CARGO_HOME: home, CARGO_NET_OFFLINE: "true" }, path: [], pathEnd: [] },
    },
  };
}
