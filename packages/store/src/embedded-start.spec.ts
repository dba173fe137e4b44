import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";

const PROGRAM = `
  import { registerHooks } from "node:module";
  const loaded = new Set();
  registerHooks({ load: (url, context, next) => (loaded.add(/node_modules\\/([^/]+)/.exec(url)?.[1]), next(url, context)) });
  await import(process.argv[1]);
  await import(process.argv[2]);
  console.log(JSON.stringify([...loaded]));
`;

it("loads nothing that only PostgreSQL and Valkey need, neither in the process nor in the engine's thread", () => {
  const modules = ["./index.ts", "./sqlite/engine/operations.ts"].map(
    (path) => new URL(path, import.meta.url).href,
  );
  const args = ["--input-type=module", "--eval", PROGRAM, ...modules];
  const loaded: unknown = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  for (const name of ["pg", "kysely", "bullmq", "ioredis"]) expect(loaded).not.toContain(name);
  expect(loaded).toContain("zod");
});
