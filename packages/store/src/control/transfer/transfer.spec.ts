import { join } from "node:path";
import {
  errorOf,
  reservation,
  spend,
  temporaryFolder,
  usePostgres,
  type TemporaryFolder,
} from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "../../sqlite/open.ts";
import { BUDGET_SCOPES } from "../../usage-ledger.ts";
import type { ControlPorts } from "../ports.ts";
import type { ControlPlace } from "./end.ts";
import { exportControl } from "./export.ts";
import { importControl } from "./import.ts";

const AT = "2026-01-01T00:00:00.000Z";
const postgres = usePostgres();
let folder: TemporaryFolder;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const file = (name: string): { readonly file: string } => ({ file: join(folder.path, `${name}.db`) });

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

const linesOf = (place: ControlPlace) => all(exportControl(place));

async function fill({ usage, audit, tokens, allowedSecrets, facts }: ControlPorts): Promise<void> {
  await spend(usage, "r1");
  await spend(usage, "r2", { reservation: { agentId: "a2", repository: "two" }, entry: { costUsd: 0.1 } });
  await usage.reserve(reservation("r3"), {});
  for (const subject of ["s1", "s2", "s3"])
    await audit.append({
      at: AT,
      actor: "a",
      action: "b",
      subject,
      reason: "ö\u2028",
      data: { x: [1.5, "\ud800"] },
    });
  await tokens.put({ name: "ci", scopes: ["read"], createdAt: AT }, "hash");
  await allowedSecrets.put({ fingerprint: "f", reason: "r", allowedBy: "a", allowedAt: AT });
  await facts.replace("salt", "pepper");
}

/** All that the ports can be asked. */
async function everything({ usage, audit, tokens, allowedSecrets, facts }: ControlPorts): Promise<unknown> {
  const subjects = ["a1", "t1", "https://git.example/one", "", "2026-01-01"];
  const wanted = BUDGET_SCOPES.map((scope, index) => ({ scope, subject: subjects[index] ?? "" }));
  return {
    balances: await usage.balances(wanted),
    sums: await usage.sums({ by: "agent", since: null, limit: 10 }),
    totals: await usage.totals(["a1", "a2"]),
    audit: await audit.list(0, 10),
    verified: await audit.verify(),
    token: await tokens.findByHash("hash"),
    allowed: await allowedSecrets.list(),
    salt: await facts.get("salt"),
  };
}

async function withSqlite<T>(name: string, work: (ports: ControlPorts) => Promise<T>): Promise<T> {
  const store = await openSqliteStore(file(name));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

describe("a control plane that moves", () => {
  it("is the same after a file went to PostgreSQL and from there to another file", async () => {
    await withSqlite("first", fill);
    const before = await withSqlite("first", everything);
    expect(before).toMatchObject({ verified: { ok: true, entries: 3 }, salt: "pepper" });
    const first = await linesOf(file("first"));

    const url = await postgres.server.createDatabase();
    expect(await importControl({ url }, first)).toMatchObject({ audit: 3, usage_entries: 2, tokens: 1 });
    const store = await postgres.open({ url });
    expect(await everything(store)).toEqual(before);
    await store.close();
    expect(await linesOf({ url })).toEqual(first);

    await importControl(file("second"), exportControl({ url }));
    expect(await withSqlite("second", everything)).toEqual(before);
    expect(await linesOf(file("second"))).toEqual(first);
  });

  it("goes on where it was: numbers, chain and what is held", async () => {
    await withSqlite("first", fill);
    const url = await postgres.server.createDatabase();
    await importControl({ url }, exportControl(file("first")));
    const moved = await postgres.open({ url });
    const places = [moved, await openSqliteStore(file("first"))];
    for (const place of places) {
      expect(await place.usage.settleAbandoned("instance-1", AT)).toBe(1);
      await spend(place.usage, "r4");
      await place.audit.append({ at: AT, actor: "a", action: "b", subject: "s4", reason: "", data: null });
      expect(await place.audit.verify()).toEqual({ ok: true, entries: 4 });
      await place.close();
    }
    expect(await linesOf({ url })).toEqual(await linesOf(file("first")));
  });

  it("moves many rows, an empty plane, and what is written meanwhile is not in it", async () => {
    const entry = { at: AT, actor: "a", action: "b", subject: "s", reason: "", data: null };
    await withSqlite("many", async ({ audit }) => {
      await Promise.all(Array.from({ length: 1200 }, () => audit.append(entry)));
    });
    const url = await postgres.server.createDatabase();
    await importControl({ url }, exportControl(file("many")));
    const store = await postgres.open({ url });
    expect(await store.audit.verify()).toEqual({ ok: true, entries: 1200 });

    const lines = exportControl({ url });
    const first = [(await lines.next()).value as string, (await lines.next()).value as string];
    await store.audit.append(entry);
    const rest = await all(lines);
    expect(rest.at(-1)).toContain('"audit":1200');
    await importControl(file("copy"), [...first, ...rest]);
    await importControl(file("empty"), exportControl({ url: await postgres.server.createDatabase() }));
    expect(await withSqlite("empty", ({ audit }) => audit.verify())).toEqual({ ok: true, entries: 0 });
  });

  describe("is refused, and nothing of it is written,", () => {
    let lines: string[];
    let places: readonly ControlPlace[];

    beforeEach(async () => {
      await withSqlite("first", fill);
      lines = await linesOf(file("first"));
      places = [file("target"), { url: await postgres.server.createDatabase() }];
    });

    async function refused(changed: readonly string[], why: RegExp): Promise<void> {
      for (const place of places) {
        const error = (await errorOf(importControl(place, changed))) as Error;
        expect(error.name).toBe("TransferError");
        expect(error.message).toMatch(why);
        expect(error.message).toMatch(/nothing was written/);
        await importControl(place, lines.slice(0, 1).concat(emptyEnd()));
      }
      places = [];
    }

    const emptyEnd = (): string =>
      (lines.at(-1) ?? "").replaceAll(/:\d+/g, ":0").replace(/"hash":"\w+"/, `"hash":"${"0".repeat(64)}"`);
    const line = (part: string): number => lines.findIndex((text) => text.includes(part));

    it("when the target has something", async () => {
      for (const place of [file("target"), { url: await postgres.server.createDatabase() }]) {
        await importControl(place, lines);
        expect(await errorOf(importControl(place, lines))).toMatchObject({
          name: "TransferError",
          message: expect.stringContaining("installation has 1 rows there"),
        });
        expect(await linesOf(place)).toEqual(lines);
      }
    });

    it.each([
      ["was cut off", () => lines.slice(0, -1), /its end is missing/],
      ["was cut off in a line", () => [...lines.slice(0, -1), '{"end'], /is no JSON object/],
      ["is something else", () => ["{}", ...lines], /no export of a control plane/],
      ["is empty", () => [], /its end is missing/],
      ["lacks a row", () => lines.toSpliced(line('"tokens"'), 1), /tokens has 0 rows, and its end says 1/],
      ["lacks an audit entry", () => lines.toSpliced(line('"s2"'), 1), /audit entry 3 does not fit/],
      ["lacks the last audit entry", () => lines.toSpliced(line('"s3"'), 1), /entries after 2 are missing/],
      [
        "has a changed audit entry",
        () => lines.map((text) => text.replace('"actor":"a"', '"actor":"b"')),
        /audit entry 1 does not fit/,
      ],
      ["has a row twice", () => lines.toSpliced(1, 0, lines[1] ?? ""), null],
      [
        "has a table of another program",
        () => lines.map((text) => text.replace('"table":"tokens"', '"table":"users"')),
        /a table users/,
      ],
      [
        "has a column of another type",
        () => lines.map((text) => text.replace('"name":"ci"', '"name":1')),
        /does not have the columns of tokens/,
      ],
      ["goes on after its end", () => [...lines, lines[1] ?? ""], /comes after the end/],
    ])("when the file %s", async (_, change, why) => {
      if (why !== null) return refused(change(), why);
      for (const place of places)
        expect(await errorOf(importControl(place, change()))).toMatchObject({ name: "InvalidChangeError" });
    });
  });
});
