import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { closeStoreOf, isDistributed, storeOf } from "../../tests/store-mode.ts";
import type { Drill, ScenarioResult } from "../drill.ts";
import { type ChargingApi, MODEL, startChargingApi } from "./charging-api.ts";
import { openLedger } from "./open-ledger.ts";

const AGENTS = 50;
const KILLS = 12;
/** Fewer where each round starts two gateways. */
const KILLS_OF_TWO = 5;
/** Answers that are heard before each kill. */
const ANSWERS_PER_ROUND = 25;
/** Rounding of the ledger: half a billionth of a dollar for each of some thousand requests. */
const ROUNDING_USD = 1e-5;
const GATEWAY = fileURLToPath(new URL("gateway-process.ts", import.meta.url));

/** The budget against what the API itself has charged, with fifty agents at once, and with a gateway that is killed. */
export const drill: Drill = {
  name: "budget",
  modes: ["embedded", "distributed"],
  async run(report) {
    report.scenario("50 agents at once against one limit", await play({ limitUsd: 1, kills: 0 }));
    report.scenario(
      "the same, gateway killed under load",
      await play({ limitUsd: 4, kills: isDistributed() ? KILLS_OF_TWO : KILLS }),
    );
  },
};

interface Plan {
  readonly limitUsd: number;
  readonly kills: number;
}

async function play({ limitUsd, kills }: Plan): Promise<ScenarioResult> {
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "mosaic-drill-budget-"));
  const api = await startChargingApi();
  const violations: string[] = [];
  const databaseUrl = (await storeOf(folder)).env["DATABASE_URL"] ?? "";
  // Where several orchestrators share a ledger, they share its limits.
  const owners = isDistributed() ? ["one", "two"] : ["drill"];
  const about = { folder, api, limitUsd, databaseUrl, owners };
  let killed = 0;
  try {
    for (let round = 0; round < kills; round += 1) {
      const statuses = await load(about, ANSWERS_PER_ROUND);
      // From here on the limit ends it, not the kill.
      if (statuses.includes(402)) break;
      killed += 1;
    }
    const statuses = await load(about, Number.POSITIVE_INFINITY);
    const other = statuses.filter((status) => status !== 402);
    if (other.length > 0) violations.push(`agents ended with ${other.join(", ")} instead of 402`);
    return await judge(about, { violations, started, killed });
  } finally {
    await api.close();
    await closeStoreOf(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Subject {
  readonly folder: string;
  readonly api: ChargingApi;
  readonly limitUsd: number;
  /** Empty where the ledger is a file. */
  readonly databaseUrl: string;
  readonly owners: readonly string[];
}

/** Lets every agent ask until it is refused, or until `enough` answers were heard; then the gateways are killed. */
async function load(about: Subject, enough: number): Promise<readonly number[]> {
  const gateways = await Promise.all(about.owners.map((owner) => startGateway(about, owner)));
  const kill = (): void => gateways.forEach(({ child }) => void child.kill("SIGKILL"));
  let heard = 0;
  const statuses = await Promise.all(
    gateways
      .flatMap(({ sockets }) => sockets)
      .map(async (socketPath) => {
        for (;;) {
          const status = await ask(socketPath);
          if (status !== 200) return status;
          heard += 1;
          if (heard >= enough) kill();
        }
      }),
  );
  kill();
  await Promise.all(gateways.map(({ exited }) => exited));
  return statuses;
}

async function startGateway({ folder, api, limitUsd, databaseUrl, owners }: Subject, owner: string) {
  const agents = String(AGENTS / owners.length);
  const child = spawn(
    process.execPath,
    [GATEWAY, folder, api.url, String(limitUsd), agents, owner, databaseUrl],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), exited])) as [unknown];
  if (typeof line !== "string") throw new Error("the gateway's process did not start");
  return { child, exited, sockets: JSON.parse(line) as string[] };
}

/** Asks the model once; 0 when the gateway is gone. */
async function ask(socketPath: string): Promise<number> {
  const messages = [{ role: "user", content: "word ".repeat(500) }];
  const body = JSON.stringify({ model: MODEL, max_tokens: 1000, stream: true, messages });
  try {
    const sent = httpRequest({ socketPath, method: "POST", path: "/v1/messages", agent: false });
    const answered = once(sent, "response") as Promise<[IncomingMessage]>;
    sent.end(body);
    const [response] = await answered;
    await text(response);
    return response.statusCode ?? 0;
  } catch {
    // Killed while it was asked: what this agent cost is what the ledger has to know.
    return 0;
  }
}

interface Played {
  readonly violations: string[];
  readonly started: number;
  readonly killed: number;
}

async function judge(
  { folder, api, limitUsd, databaseUrl, owners }: Subject,
  played: Played,
): Promise<ScenarioResult> {
  const { violations, started, killed } = played;
  const store = await openLedger(folder, databaseUrl);
  for (const owner of owners) await store.usage.settleAbandoned(owner, new Date().toISOString());
  const [balance] = await store.usage.balances([{ scope: "instance", subject: "" }]);
  await store.close();
  const { spentUsd = 0, reservedUsd = 0 } = balance ?? {};
  const losses: string[] = [];
  if (api.charged() > spentUsd + ROUNDING_USD)
    losses.push(`the API charged $${api.charged().toFixed(6)}, the ledger knows of $${spentUsd.toFixed(6)}`);
  if (spentUsd > limitUsd) violations.push(`the ledger has $${spentUsd} of a limit of $${limitUsd}`);
  if (api.charged() > limitUsd) violations.push(`the API charged $${api.charged()} of $${limitUsd}`);
  if (reservedUsd !== 0) violations.push(`$${reservedUsd} are still held by nobody`);
  const figures =
    `${api.answers()} answers, ${killed} kills; charged $${api.charged().toFixed(4)}, in the ledger $${spentUsd.toFixed(4)}, ` +
    `limit $${limitUsd.toFixed(4)}`;
  return {
    tries: api.answers(),
    survivors: 0,
    losses: losses.length,
    violations: violations.length,
    slowestMs: performance.now() - started,
    details: [figures, ...losses, ...violations],
  };
}
