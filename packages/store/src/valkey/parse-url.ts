import { isIP } from "node:net";
import type { RedisOptions } from "ioredis";
import { StoreUnavailableError } from "../store-error.ts";

/** Whether each scheme is with TLS. */
const SCHEMES: Readonly<Record<string, boolean>> = {
  "redis:": false,
  "valkey:": false,
  "rediss:": true,
  "valkeys:": true,
};
const PORT = 6379;

/** Where a server is, and as whom to speak to it. Only what is known is taken from a URL: it sets no option of the driver. */
export type Address = Pick<RedisOptions, "username" | "password" | "tls"> & {
  readonly host: string;
  readonly port: number;
  readonly db: number;
};

/**
 * Reads `redis[s]://[user[:password]@]host[:port][/database]`; `valkey[s]:` is the same.
 * @param ca PEM of the authorities to trust instead of the system's
 * @throws StoreUnavailableError that does not repeat the password
 */
export function parseValkeyUrl(url: string, ca?: string): Address {
  const parsed = URL.parse(url);
  const secure = SCHEMES[parsed?.protocol ?? ""];
  const db = /^\/?(\d*)$/.exec(parsed?.pathname ?? "")?.[1];
  if (parsed === null || secure === undefined || db === undefined) throw misunderstood();
  if (parsed.hostname === "" || parsed.search !== "") throw misunderstood();
  const [username, password] = [decode(parsed.username), decode(parsed.password)];
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const tls = { ...(ca === undefined ? {} : { ca }), ...(isIP(host) === 0 ? { servername: host } : {}) };
  return {
    host,
    port: parsed.port === "" ? PORT : Number(parsed.port),
    db: Number(db),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(secure ? { tls } : {}),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw misunderstood();
  }
}

function misunderstood(): StoreUnavailableError {
  return new StoreUnavailableError(
    "cannot_open",
    "the address of Valkey is not understood: write redis://user:password@host:6379/0 (rediss:// for TLS), with special " +
      "characters of the password percent-encoded, and no options behind it",
  );
}
