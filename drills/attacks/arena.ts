import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ATTACK_PROGRAMS, createHostTarget, type AttackFacts, type HostTarget } from "@mosaic/testing";
import { readdirSync, readFileSync } from "node:fs";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";
import { makePlace, type Place } from "../crash/place.ts";
import { type Mosaic, startMosaic } from "../mosaic-process.ts";
import type { Adapter } from "./adapters.ts";
import { waitFor } from "../wait-for.ts";

/** As many as run at once in this drill: thirty hostile ones, and the honest one. */
const MOST_AGENTS = 31;
/** What the folder of the programs is called in a hostile repository. */
const FOLDER = "attacks";
const TREE = "/tree";
const UPSTREAM = `replay:${fileURLToPath(new URL("runs-attack.yaml", import.meta.url))}`;

/** A whole Mosaic with an honest agent at work in it, something of the host to hit, and hostile repositories. */
export interface Arena {
  readonly adapter: Adapter;
  readonly mosaic: Mosaic;
  readonly place: Place;
  readonly target: HostTarget;
  /** Starts Mosaic again on the same data. */
  restart(): Promise<void>;
  /** Spawns an agent that attacks; answers with its id. */
  spawn(attack: string): Promise<string>;
  /** Its workspace, once there is one. */
  treeOf(agentId: string): Promise<string>;
  close(): Promise<void>;
}

/** Above everything that an attack says it may take, and still bounded. */
const SIZES = {
  tmpBytes: 512 * 1024 * 1024,
  mostBytes: 256 * 1024 * 1024,
  floodBytes: 1024 * 1024 * 1024,
};

export async function openArena(adapter: Adapter): Promise<Arena> {
  const place = await makePlace();
  const target = await createHostTarget();
  const options = {
    home: place.home,
    upstream: UPSTREAM,
    env: {
      ...adapter.env,
      MAX_CONCURRENT_AGENTS: String(MOST_AGENTS),
      ORCHESTRATOR_QUEUE_CONCURRENCY: String(MOST_AGENTS),
      // Enough for as many processes as there may be: what is held here is them, not their memory.
      SANDBOX_DEFAULT_MEMORY_MB: "1024",
      // What an agent could find, were it to read its orchestrator's environment.
      DRILL_SECRET: target.secret,
    },
  };
  let mosaic = await startMosaic(options).catch(async (error: unknown) => {
    await target.close();
    await place.dispose();
    throw error;
  });
  const remotes = new Map<string, Promise<string>>();
  let facts: Partial<AttackFacts> = {};
  let spawned = 0;

  const arena: Arena = {
    adapter,
    place,
    target,
    get mosaic() {
      return mosaic;
    },
    async restart() {
      await mosaic.kill();
      mosaic = await startMosaic(options);
    },
    async spawn(attack) {
      const known =
        remotes.get(attack) ?? place.git.remote(repositoryOf(attack, { ...target.facts, ...facts }));
      remotes.set(attack, known);
      spawned += 1;
      const { agentId } = await mosaic.client.call("spawnAgent", {
        body: {
          taskId: `attack-${spawned}`,
          agentType: "worker",
          gateProfile: "custom",
          options: { gates: ["lint"], maxRetries: 0, maxAttempts: 1 },
          context: { repository: await known, branch: "main", workItems: [attack] },
        },
      });
      return agentId;
    },
    treeOf: (agentId) =>
      waitFor(`the workspace of ${agentId}`, async () => {
        const folder = join(place.home, "workspaces");
        const name = (await readdir(folder)).find((entry) => entry.includes(agentId));
        if (name !== undefined) return await realpath(join(folder, name));
        const { completedAt, error } = await mosaic.client.call("getAgent", { params: { agentId } });
        if (completedAt === undefined) return null;
        throw new Error(`agent ${agentId} ended before it had a workspace: ${error}`);
      }),
    async close() {
      await mosaic.kill();
      await target.close();
      await place.dispose();
    },
  };
  try {
    facts = await factsOf(arena);
  } catch (error) {
    await arena.close();
    throw error;
  }
  return arena;
}

/** What there is to hit of another agent, and of the orchestrator itself. */
async function factsOf(arena: Arena): Promise<Partial<AttackFacts>> {
  const { mosaic, place, target } = arena;
  const victim = await arena.spawn("setsid");
  const tree = await arena.treeOf(victim);
  const home = await realpath(place.home);
  const sockets = await waitFor("the gateway of the honest agent", async () => {
    const names = await readdir(join(home, "run"), { recursive: true }).catch(() => []);
    const found = names.filter((name) => name.includes(victim));
    return found.length === 0 ? null : found.map((name) => join(home, "run", name));
  });
  const port = Number(new URL(mosaic.url).port);
  const { facts } = target;
  return {
    pids: [mosaic.pid, ...(facts.pids ?? [])],
    ports: [port, ...(facts.ports ?? [])],
    sockets: [...sockets, ...(facts.sockets ?? [])],
    files: [
      join(tree, "src/sum.js"),
      join(home, "cli-token"),
      join(home, "mosaic.db"),
      ...(facts.files ?? []),
    ],
    folders: [tree, home, join(home, "mirrors"), join(home, "private"), ...(facts.folders ?? [])],
    knownText: home,
  };
}

function repositoryOf(attack: string, known: Partial<AttackFacts>): Record<string, string> {
  const facts: AttackFacts = {
    ...known,
    ...SIZES,
    inside: `${TREE}/${FOLDER}`,
    tree: TREE,
    upFile: `${TREE}/up`,
    readOnly: ["/mosaic/objects"],
  };
  const programs = readdirSync(ATTACK_PROGRAMS).map(
    (name) => [`${FOLDER}/${name}`, readFileSync(join(ATTACK_PROGRAMS, name), "utf8")] as const,
  );
  return {
    ...TINY_REPOSITORY,
    ...Object.fromEntries(programs),
    [`${FOLDER}/facts.json`]: JSON.stringify(facts),
    "attack.sh": `exec node ${FOLDER}/main.mjs '${attack}' ${FOLDER}/facts.json\n`,
  };
}
