import type { CommandContext } from "../commands/context.ts";

/** The engine's socket: --socket, DOCKER_SOCKET, a unix DOCKER_HOST, or where Docker puts it. */
export function socketOf({ env }: Pick<CommandContext, "env">, flag: string | undefined): string {
  const host = env["DOCKER_HOST"];
  const fromHost = host?.startsWith("unix://") === true ? host.slice("unix://".length) : undefined;
  return flag ?? env["DOCKER_SOCKET"] ?? fromHost ?? "/var/run/docker.sock";
}
