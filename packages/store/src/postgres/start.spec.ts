import { errorOf, usePostgres } from "@mosaic/testing";
import { Client } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { migratePostgres } from "./open.ts";

describe("the start on a PostgreSQL that cannot serve it", () => {
  const postgres = usePostgres();
  const others: Client[] = [];
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.end()));
  });

  /** What a start is told, without the password of the URL. */
  async function refusal(url: string): Promise<{ readonly code: string; readonly message: string }> {
    const error = (await errorOf(postgres.open({ url }))) as { code: string; message: string };
    expect(error).toMatchObject({ name: "StoreUnavailableError" });
    expect(error.message).not.toContain(new URL(url).password || "no password");
    return error;
  }

  function changed(url: string, change: (parsed: URL) => void): string {
    const parsed = new URL(url);
    change(parsed);
    return parsed.href;
  }

  it("tells of a server that does not run", async () => {
    const url = changed(postgres.server.url, (parsed) => (parsed.port = "1"));
    expect(await refusal(url)).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("127.0.0.1:1/mosaic_1 does not answer"),
    });
  });

  it("tells of a host that does not exist", async () => {
    const url = changed(postgres.server.url, (parsed) => (parsed.hostname = "nowhere.invalid"));
    expect(await refusal(url)).toMatchObject({ code: "unreachable" });
  });

  it("tells of a wrong password, a missing password and an unknown user", async () => {
    const { url } = postgres.server;
    const urls = [
      changed(url, (parsed) => (parsed.password = "wrong")),
      changed(url, (parsed) => (parsed.password = "")),
      changed(url, (parsed) => (parsed.username = "nobody")),
    ];
    for (const wrong of urls)
      expect(await refusal(wrong)).toMatchObject({
        code: "unauthorized",
        message: expect.stringContaining("check user and password"),
      });
  });

  it("tells of a database that is missing", async () => {
    const url = changed(postgres.server.url, (parsed) => (parsed.pathname = "/other"));
    expect(await refusal(url)).toMatchObject({
      code: "cannot_open",
      message: expect.stringContaining("create the database first"),
    });
  });

  it("tells of a user that may not create tables", async () => {
    const url = await postgres.server.createDatabase();
    await postgres.server.sql(
      url,
      "REVOKE CREATE ON SCHEMA public FROM public; CREATE ROLE guest LOGIN PASSWORD 'guest'",
    );
    const asGuest = changed(url, (parsed) => {
      parsed.username = "guest";
      parsed.password = "guest";
    });
    expect(await refusal(asGuest)).toMatchObject({
      code: "unauthorized",
      message: expect.stringContaining("mosaic db migrate"),
    });
  });

  it("tells of a server that has no connection left", async () => {
    const url = await postgres.server.createDatabase();
    const { pathname } = new URL(url);
    await postgres.server.sql(
      url,
      `CREATE ROLE busy LOGIN PASSWORD 'a secret'; ALTER DATABASE ${pathname.slice(1)} OWNER TO busy; ALTER ROLE busy CONNECTION LIMIT 1`,
    );
    const asBusy = changed(url, (parsed) => {
      parsed.username = "busy";
      parsed.password = "a secret";
    });
    const other = new Client(asBusy);
    others.push(other);
    await other.connect();
    expect(await refusal(asBusy)).toMatchObject({
      code: "busy",
      message: expect.stringContaining("max_connections"),
    });
  });

  it("tells of a database that takes no writes, also when it was opened before", async () => {
    const url = await postgres.server.createDatabase();
    const readOnly = `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`;
    await postgres.server.sql(url, readOnly);
    expect(await refusal(url)).toMatchObject({ code: "read_only" });

    const opened = await postgres.server.createDatabase();
    await (await postgres.open({ url: opened })).facts.replace("epoch", "one");
    await postgres.server.sql(opened, readOnly.replace(/mosaic_\d+/, new URL(opened).pathname.slice(1)));
    const store = await postgres.open({ url: opened });
    expect(await errorOf(store.facts.replace("epoch", "two"))).toMatchObject({
      code: "read_only",
      message: expect.stringContaining("primary"),
    });
    expect(await store.check()).toMatchObject({ ok: false, detail: expect.stringContaining("read-only") });
    expect(await store.facts.get("epoch")).toBe("one");
  });

  it("tells of a server that is too old", async () => {
    const url = await postgres.server.createDatabase();
    // There is no old one at hand: this one says that it is.
    await postgres.server.sql(
      url,
      `CREATE SCHEMA past; CREATE FUNCTION past.current_setting(text) RETURNS text LANGUAGE sql AS
        $$ SELECT CASE $1 WHEN 'server_version_num' THEN '120022' WHEN 'server_version' THEN '12.22'
           ELSE pg_catalog.current_setting($1) END $$;
       ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = past, pg_catalog, public`,
    );
    expect(await refusal(url)).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("it is PostgreSQL 12.22; Mosaic needs 13 or newer"),
    });
  });

  it("tells of a database that is not in UTF-8", async () => {
    const url = await postgres.server.createDatabase(
      "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    expect(await refusal(url)).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("LATIN1"),
    });
  });

  it.each([
    ["not a URL", "postgres"],
    ["another kind of server", "mysql://a:secret@127.0.0.1/b"],
    ["a mode of TLS that might go without", "postgres://a:secret@127.0.0.1/b?sslmode=prefer"],
  ])("tells of an address that is %s", async (_, url) => {
    const error = await errorOf(postgres.open({ url }));
    expect(error).toMatchObject({ code: "cannot_open", message: expect.stringContaining("DATABASE_URL") });
    expect(String(error)).not.toContain("secret");
  });

  it("tells `migrate` the same, and leaves nothing open", async () => {
    const url = changed(postgres.server.url, (parsed) => (parsed.pathname = "/other"));
    expect(await errorOf(migratePostgres(url))).toMatchObject({ code: "cannot_open" });
  });
});
