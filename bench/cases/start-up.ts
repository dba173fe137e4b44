import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type BenchCase, median } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";
import { end, residentMiB, startUpProcess } from "../up-process.ts";

const ROUNDS = 5;
const BARE = `
import Fastify from "fastify";
const app = Fastify();
app.get("/health", async () => ({ status: "healthy" }));
console.log(await app.listen({ host: "127.0.0.1", port: 0 }));
`;

async function bareFastify(): Promise<{ ms: number; mib: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, ["--input-type=module", "--eval", BARE], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: new URL("../../packages/http", import.meta.url),
  });
  await once(createInterface({ input: child.stdout }), "line");
  const ms = performance.now() - started;
  const mib = await residentMiB(child.pid);
  await end(child, "SIGTERM");
  return { ms, mib };
}

export const startUp: BenchCase = {
  name: "start",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const bare: { ms: number; mib: number }[] = [];
      const ours: { ms: number; mib: number }[] = [];
      await end((await startUpProcess(join(folder, "first"), "replay:tour")).child, "SIGTERM");
      for (let round = 0; round < ROUNDS; round += 1) {
        bare.push(await bareFastify());
        const up = await startUpProcess(join(folder, String(round)), "replay:tour");
        ours.push({ ms: up.startedInMs, mib: await residentMiB(up.child.pid) });
        await end(up.child, "SIGTERM");
      }
      const of = (runs: typeof bare, key: "ms" | "mib"): number => median(runs.map((run) => run[key]));
      return [
        {
          what: "start: three planes, new data folder (floor: bare Fastify)",
          value: of(ours, "ms"),
          unit: "ms",
          floor: of(bare, "ms"),
          bar: { at: "most", of: "ratio", limit: 3 },
        },
        {
          what: "memory: three planes, idle (floor: bare Fastify)",
          value: of(ours, "mib"),
          unit: "MiB",
          floor: of(bare, "mib"),
          bar: { at: "most", of: "ratio", limit: 3 },
        },
      ];
    }),
};
