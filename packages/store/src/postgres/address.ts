import { StoreUnavailableError } from "../store-error.ts";

/** Where a PostgreSQL is, as `pg` is told and as people may read it: without user and password. */
export interface Address {
  readonly connectionString: string;
  /** Whether the address itself says what TLS to use; if it does not, there is none. */
  readonly ssl: boolean;
  /** `db.example:5432/mosaic` */
  readonly place: string;
}

/**
 * What `sslmode` means here. `pg` 8 checks certificate and name in all four that ask for TLS, and warns that a later
 * version will check less in three of them: those are passed on as what they do now.
 */
const TLS: Readonly<Record<string, string>> = {
  disable: "disable",
  require: "verify-full",
  "verify-ca": "verify-full",
  "verify-full": "verify-full",
  "no-verify": "no-verify",
};

/**
 * Reads the address of a database: `postgres://user:password@host:5432/database?sslmode=verify-full&sslrootcert=/ca.pem`.
 * `sslmode`: `disable` (the same as none), `require`, `verify-ca`, `verify-full` (all three: TLS, certificate and name
 * are checked), `no-verify` (TLS with whoever answers). With `uselibpqcompat=true` they mean what libpq means by them.
 * @throws StoreUnavailableError `cannot_open`; its text has nothing of the password
 */
export function readAddress(url: string): Address {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol))
    throw refused("it does not look like postgres://user:password@host:5432/database");
  const mode = parsed.searchParams.get("sslmode");
  if (mode !== null && parsed.searchParams.get("uselibpqcompat") !== "true") {
    const known = TLS[mode];
    if (known === undefined)
      throw refused(
        `its sslmode is '${mode}'; take one of ${Object.keys(TLS).join(", ")} (others would go on without TLS silently)`,
      );
    parsed.searchParams.set("sslmode", known);
  }
  const place = `${parsed.hostname || "localhost"}:${parsed.port || "5432"}${parsed.pathname}`;
  const tls = ["sslmode", "ssl", "sslcert", "sslkey", "sslrootcert", "sslnegotiation"];
  return {
    connectionString: parsed.href,
    ssl: tls.some((parameter) => parsed.searchParams.has(parameter)),
    place,
  };
}

function refused(why: string): StoreUnavailableError {
  return new StoreUnavailableError("cannot_open", `DATABASE_URL cannot be used: ${why}`);
}
