/** The names a server bound to the loopback interface is reached by. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(\d{1,5}))?$/;

/**
 * Tells whether a Host header names this server. A page whose name was re-bound to our address (DNS rebinding) is
 * same-origin for the browser; only the Host header gives it away. An entry without a port stands for every port.
 */
export function createHostCheck(allowed: readonly string[]): (host: string | undefined) => boolean {
  const entries = new Set(allowed.map((entry) => entry.toLowerCase()));
  return (host) => {
    const match = HOST.exec(host?.toLowerCase() ?? "");
    if (match === null) return false;
    const [whole, name = ""] = match;
    return entries.has(whole) || entries.has(name);
  };
}
