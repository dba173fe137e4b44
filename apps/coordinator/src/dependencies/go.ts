import { posix } from "node:path";
import type { CommitFiles } from "../detect/commit-files.ts";
import { TREE } from "../detect/gate-command.ts";
import { NOTHING_TO_PREPARE, type PlannedDependencies, type PrepareSettings } from "./plan.ts";

const FOLDER = ".mosaic-go";

/** Dependencies of a Go module: a module cache, checked against go.sum. Downloading modules runs none of their code. */
export async function planGo(files: CommitFiles, settings: PrepareSettings): Promise<PlannedDependencies> {
  const module = await files.text("go.mod");
  if (module === null || files.paths.has("vendor/modules.txt")) return NOTHING_TO_PREPARE;
  if (!/^[ \t]*require\b/m.test(module) && !files.paths.has("go.work")) return NOTHING_TO_PREPARE;
  if (!files.paths.has("go.sum") && !files.paths.has("go.work")) {
    const message = "go.mod requires modules, but the commit has no go.sum. Run 'go mod tidy' and commit it.";
    return { kind: "unlocked", manager: "go", message };
  }
  const inputs = [...files.paths].filter((path) =>
    /^go\.(?:mod|sum|work|work\.sum)$/.test(posix.basename(path)),
  );
  const cache = `${TREE}/${FOLDER}`;
  return {
    kind: "plan",
    plan: {
      manager: "go",
      program: settings.command === undefined ? "go" : null,
      command: settings.command ?? "go mod download",
      // -modcacherw: a cache without write bits could not be removed again by its owner.
      env: { GOMODCACHE: cache, GOFLAGS: "-modcacherw", GOTOOLCHAIN: "local" },
      inputs,
      placeholders: [],
      outputs: [{ kind: "folder", path: FOLDER, scratch: [] }],
      runtime: {
        env: { GOMODCACHE: cache, GOFLAGS: "-mod=readonly", GOPROXY: "off", GOTOOLCHAIN: "local" },
        path: [],
        pathEnd: [],
      },
    },
  };
}
