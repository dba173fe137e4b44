import type { Servers } from "../tests/store-mode.ts";

export interface Connections {
  readonly valkey: number;
  readonly postgres: number;
}

const ASKING = /\bcmd=client\b/;

/** Connections in an answer to CLIENT LIST, without that of whoever asks. */
export function countClients(list: string): number {
  return list.split("\n").filter((line) => line.startsWith("id=") && !ASKING.test(line)).length;
}

/** How many there are now; null where there are no servers. */
export async function lookAtConnections(servers: Servers | null): Promise<Connections | null> {
  if (servers === null) return null;
  const sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mosaic'";
  const [clients, sessions] = await Promise.all([
    servers.valkey.run("client", "list"),
    servers.postgres?.sql(servers.postgres.url, sql) ?? "0",
  ]);
  return { valkey: countClients(clients), postgres: Number(sessions) };
}
