import type { CommitFiles } from "./commit-files.ts";
import { type Detection, NOTHING_DETECTED, plainCommand } from "./gate-command.ts";

/** Commands of a Go module: the toolchain's own, so that the repository cannot define them away. */
export function detectGo(base: CommitFiles): Detection {
  if (!base.paths.has("go.mod")) return NOTHING_DETECTED;
  const source = "the base branch's go.mod";
  return {
    commands: {
      typecheck: plainCommand("go build ./...", source),
      lint: plainCommand("go vet ./...", source),
      tests: plainCommand("go test ./...", source),
      coverage: plainCommand("go test -coverprofile=cover.out ./...", source),
      build: plainCommand("go build ./...", source),
    },
    harness: new Map(),
  };
}
