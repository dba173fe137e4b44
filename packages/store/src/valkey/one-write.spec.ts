import { useValkey } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connect, type Link } from "./connect.ts";
import { answered } from "./store-in-test.ts";

const valkey = useValkey();
let link: Link;
beforeEach(async () => {
  link = await connect({ url: valkey.url });
});
afterEach(() => link.close());

/** How often the server has read from its clients, this question included. */
async function reads(): Promise<number> {
  const found = /total_reads_processed:(\d+)/.exec(await link.redis.info("stats"));
  return Number(found?.[1]);
}

/** Appends 0 to 49 to a list, all in one turn. */
const fifty = (key: string): Promise<unknown>[] =>
  Array.from({ length: 50 }, (_, index) => link.redis.rpush(key, index));

const NUMBERS = Array.from({ length: 50 }, (_, index) => String(index));

it("what is asked in one turn is read in one piece, and done in order", async () => {
  const before = await reads();
  await Promise.all(fifty("list"));
  expect((await reads()) - before).toBe(2);
  expect(await link.redis.lrange("list", 0, -1)).toEqual(NUMBERS);
});

it("the same on a connection that was made anew", async () => {
  await valkey.run("client", "kill", "type", "normal");
  await answered(() => link.redis.ping());
  const before = await reads();
  await Promise.all(fifty("list"));
  expect((await reads()) - before).toBe(2);
});

it("what was asked before a close is answered", async () => {
  const asked = fifty("list");
  await link.close();
  await Promise.all(asked);
  expect((await valkey.run("lrange", "list", "0", "-1")).split("\n")).toEqual(NUMBERS);
});
