import { execFile } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorOf, startPostgres, temporaryFolder, type PostgresInTest } from "@mosaic/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPostgresStore } from "./open.ts";

const execute = promisify(execFile);
const ENCRYPTED =
  "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'mosaic'";

describe("TLS to PostgreSQL", () => {
  const folder = temporaryFolder();
  const key = join(folder.path, "key.pem");
  const certificate = join(folder.path, "certificate.pem");
  let plain: PostgresInTest;
  let server: PostgresInTest;

  beforeAll(async () => {
    await execute("openssl", [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
      ..."-subj /CN=localhost -addext subjectAltName=DNS:localhost".split(" "),
      "-keyout",
      key,
      "-out",
      certificate,
    ]);
    chmodSync(folder.path, 0o755);
    chmodSync(key, 0o600);
    plain = await startPostgres();
    if (plain.user !== undefined) chownSync(key, plain.user.uid, plain.user.gid);
    server = await startPostgres({
      args: ["-c", "ssl=on", "-c", `ssl_cert_file=${certificate}`, "-c", `ssl_key_file=${key}`],
    });
  });
  afterAll(async () => {
    await server.close();
    await plain.close();
    folder.remove();
  });

  /** `true` or `false` for a connection with and without encryption, else the refusal. */
  async function encrypted(host: string, parameters: string): Promise<unknown> {
    const url = new URL(server.url);
    url.hostname = host;
    url.search = parameters;
    try {
      const store = await openPostgresStore({ url: url.href });
      await store.facts.get("x");
      const sessions = await server.sql(server.url, ENCRYPTED);
      await store.close();
      return sessions !== "0";
    } catch (error) {
      return error;
    }
  }

  it("is what `sslmode` asks for: nothing, or everything checked, or whoever answers", async () => {
    const authority = `&sslrootcert=${certificate}`;
    expect(await encrypted("localhost", "")).toBe(false);
    expect(await encrypted("localhost", "sslmode=disable")).toBe(false);
    expect(await encrypted("localhost", "sslmode=no-verify")).toBe(true);
    for (const mode of ["require", "verify-ca", "verify-full"])
      expect(await encrypted("localhost", `sslmode=${mode}${authority}`)).toBe(true);
    expect(await encrypted("localhost", "sslmode=require&uselibpqcompat=true")).toBe(true);
  });

  it.each(["require", "verify-ca", "verify-full"])(
    "is refused with `sslmode=%s` when nobody vouches for the certificate",
    async (mode) => {
      expect(await encrypted("localhost", `sslmode=${mode}`)).toMatchObject({
        code: "unauthorized",
        message: expect.stringContaining("sslrootcert"),
      });
    },
  );

  it("is refused when the certificate is for another name", async () => {
    const refused = await encrypted("127.0.0.1", `sslmode=require&sslrootcert=${certificate}`);
    expect(refused).toMatchObject({ code: "unauthorized", message: expect.stringContaining("127.0.0.1") });
  });

  it("is not given up silently when the server has none", async () => {
    const url = `${plain.url}?sslmode=no-verify`;
    expect(await errorOf(openPostgresStore({ url }))).toMatchObject({ code: "unauthorized" });
  });
});
