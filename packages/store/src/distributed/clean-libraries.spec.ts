import { useServers } from "@mosaic/testing";
import { expect, it } from "vitest";
import type { InstanceBeat } from "../instances.ts";

const servers = useServers({ durable: false });
const FORMER = ["mosaic_0123456789abcdef", "mosaic_queue_0123456789abcdef"];
const FOREIGN = ["mosaic_of_somebody", "another"];

const beat = (instanceId: string, version: string): InstanceBeat => ({
  instanceId,
  host: "host-1",
  pid: 1,
  home: "/var/lib/mosaic",
  url: "http://127.0.0.1:3001",
  version,
  capacity: 4,
  running: 0,
  startedAt: "2026-01-01T00:00:00.000Z",
});

async function load(name: string): Promise<void> {
  const body = `redis.register_function('${name}_x', function() return 1 end)`;
  await servers.valkey.run("function", "load", `#!lua name=${name}\n${body}`);
}

const libraries = async (): Promise<readonly string[]> =>
  [...(await servers.valkey.run("function", "list")).matchAll(/^library_name\n(\S+)$/gm)].map(
    ([, name = ""]) => name,
  );

it("functions of former versions go when nobody of another version lives; those in use and of others stay", async () => {
  await servers.withStore(async ({ instances }) => {
    await instances.beat(beat("old", "1.0.0"), 60_000);
    await instances.beat(beat("lost", "0.9.0"), 0);
  });
  for (const name of [...FORMER, ...FOREIGN]) await load(name);
  await servers.withStore(async ({ instances, queue }) => {
    await queue.counts();
    await instances.beat(beat("new", "1.1.0"), 60_000);
    expect(await libraries()).toEqual(expect.arrayContaining(FORMER));
    await instances.remove("old");
    await instances.beat(beat("new", "1.1.0"), 60_000);
    const left = await libraries();
    for (const name of FORMER) expect(left).not.toContain(name);
    expect(left).toEqual(expect.arrayContaining(FOREIGN));
    expect(left).toHaveLength(FOREIGN.length + 2);
    await load(FORMER[0] ?? "");
    await instances.beat(beat("new", "1.1.0"), 60_000);
    expect(await libraries()).toContain(FORMER[0]);
  });
});

it("a version whose functions were taken away goes on", async () => {
  await servers.withStore(async ({ state, queue }) => {
    await queue.enqueue({ taskId: "t-1", priority: 5 });
    await servers.valkey.run("function", "flush");
    expect(await queue.missing(["t-1", "t-2"])).toEqual(["t-2"]);
    expect(await state.listTasks(["pending"])).toEqual([]);
  });
});
