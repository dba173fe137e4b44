import type { CommitFiles } from "./commit-files.ts";
import { type Detection, NOTHING_DETECTED, plainCommand } from "./gate-command.ts";

/** Commands of a Cargo project. Coverage has no command of cargo's own: `.mosaic/gates.json` names one. */
export function detectRust(base: CommitFiles): Detection {
  if (!base.paths.has("Cargo.toml")) return NOTHING_DETECTED;
  const source = "the base branch's Cargo.toml";
  return {
    commands: {
      typecheck: plainCommand("cargo check --workspace --all-targets", source),
      lint: plainCommand("cargo clippy --workspace --all-targets -- -D warnings", source),
      tests: plainCommand("cargo test --workspace", source),
      build: plainCommand("cargo build --workspace --release", source),
    },
    harness: new Map(),
  };
}
