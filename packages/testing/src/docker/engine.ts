import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { findProgram } from "../servers/find-program.ts";
import { startServerProcess, type ServerProcess } from "../servers/server-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { endContainerd, endContainers } from "./end-containers.ts";

/** A real engine of a test's own: own data, own socket, no network, no rules in the host's firewall. */
export interface EngineInTest {
  readonly name: "docker" | "podman";
  readonly socketPath: string;
  /** dockerd, or Podman's service, itself: killed, stopped or frozen at will. */
  readonly process: ServerProcess;
  /** Starts it again on the same data, after it was killed or stopped. */
  restart(): Promise<void>;
  /** Ends it and every container of it, and removes its data. */
  close(): Promise<void>;
}

const INSTALL = "Debian/Ubuntu: apt-get install docker.io iptables";

export const whyNoDockerEngine = (): string | null => whyNoEngine("Docker", ["dockerd"], INSTALL);

/**
 * Why an engine cannot be started here, or null. With `CI=true` there is no why: what is missing fails the test.
 *
 * @param programs names of which one must be installed
 */
export function whyNoEngine(title: string, programs: readonly string[], install: string): string | null {
  if (process.env["CI"] === "true") return null;
  if (process.platform !== "linux") return `${title} engines of tests need Linux`;
  if (process.getuid?.() !== 0) return `only root can start a ${title} engine of the test's own`;
  try {
    findProgram(programs, install);
    return null;
  } catch (error) {
    return String(error);
  }
}

/** Starts dockerd in a temporary folder and waits until it answers. Needs root. */
export async function startDockerEngine(): Promise<EngineInTest> {
  const command = findProgram(["dockerd"], INSTALL);
  const folder = temporaryFolder();
  // Ordinary users of a test find their way to the socket by the socket's own mode.
  await chmod(folder.path, 0o711);
  const at = (name: string): string => join(folder.path, name);
  const socketPath = at("docker.sock");
  await writeFile(at("daemon.json"), "{}");
  const start = async (): Promise<ServerProcess> =>
    await startServerProcess({
      command,
      args: [
        ["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("docker.pid")],
        // The host's own daemon.json is not this engine's.
        ["--config-file", at("daemon.json"), "-H", `unix://${socketPath}`],
        ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--bridge=none"],
      ].flat(),
      probe: () => ping(socketPath),
    });
  let process = await start();
  return {
    name: "docker",
    socketPath,
    get process() {
      return process;
    },
    async restart() {
      await endContainerd(folder.path);
      process = await start();
    },
    async close() {
      await process.stop();
      await endContainers(folder.path);
      folder.remove();
    },
  };
}

/** @throws while the engine does not answer */
export async function ping(socketPath: string): Promise<void> {
  const asked = request({ socketPath, path: "/_ping", timeout: 5000 }).end();
  const [response] = (await once(asked, "response")) as [{ statusCode?: number; resume(): void }];
  response.resume();
  if (response.statusCode !== 200) throw new Error(`/_ping answered ${String(response.statusCode)}`);
}
