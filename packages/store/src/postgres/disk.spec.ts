import { randomBytes } from "node:crypto";
import { chmodSync, chownSync } from "node:fs";
import { join } from "node:path";
import { errorOf, mountOrSkip, temporaryFolder, usePostgres } from "@mosaic/testing";
import { expect, it } from "vitest";

const REQUIRED = process.env["CI"] !== undefined;
const MEGABYTE = 1_000_000;
const postgres = usePostgres();

it("tells of a full disk of the server, keeps what it promised, and goes on when there is space", async (context) => {
  const folder = temporaryFolder();
  context.onTestFinished(() => folder.remove());
  const path = join(folder.path, "small");
  const disk = mountOrSkip(context, {
    path,
    args: ["-t", "tmpfs", "-o", "size=24m", "tmpfs"],
    required: REQUIRED,
  });
  const { server } = postgres;
  let url = server.url;
  try {
    chmodSync(folder.path, 0o755);
    if (server.user !== undefined) chownSync(path, server.user.uid, server.user.gid);
    await server.sql(server.url, `CREATE TABLESPACE small LOCATION '${path}'`);
    url = await server.createDatabase("TABLESPACE small");
    const store = await postgres.open({ url });

    const kept: string[] = [];
    // The server would make little of text that repeats.
    const value = (): string => randomBytes(MEGABYTE / 2).toString("hex");
    const fill = async (): Promise<unknown> => {
      for (;;) {
        const key = String(kept.length);
        await store.facts.replace(key, value());
        kept.push(key);
      }
    };
    expect(await errorOf(fill())).toMatchObject({
      name: "StoreUnavailableError",
      code: "disk_full",
      message: expect.stringContaining("free some space there"),
    });
    expect(kept.length).toBeGreaterThan(0);
    for (const key of kept) expect(await store.facts.get(key)).toHaveLength(MEGABYTE);
    disk.remount("size=64m");
    await store.facts.replace("more", value());
    expect(await store.check()).toMatchObject({ ok: true });
  } finally {
    // The server lets go of the disk before it is taken away.
    if (url !== server.url) await server.sql(server.url, `DROP DATABASE ${nameOf(url)} WITH (FORCE)`);
    await server.sql(server.url, "DROP TABLESPACE IF EXISTS small");
    disk.unmount();
  }
});

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
