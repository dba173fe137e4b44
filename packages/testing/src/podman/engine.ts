import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { endContainers } from "../docker/end-containers.ts";
import { ping, whyNoEngine, type EngineInTest } from "../docker/engine.ts";
import { findProgram } from "../servers/find-program.ts";
import { startServerProcess, type ServerProcess } from "../servers/server-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const INSTALL = "Debian/Ubuntu: apt-get install podman catatonit";

/** The host's own containers.conf is not this engine's. Its locks in shared memory are one set for all engines of a user. */
const CONFIGURATION = `[engine]
lock_type = "file"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

export const whyNoPodmanEngine = (): string | null => whyNoEngine("Podman", ["podman"], INSTALL);

/** Starts Podman's service in a temporary folder and waits until it answers. Needs root. */
export async function startPodmanEngine(): Promise<EngineInTest> {
  const command = findProgram(["podman"], INSTALL);
  const folder = temporaryFolder();
  // Ordinary users of a test find their way to the socket by the socket's own mode.
  await chmod(folder.path, 0o711);
  const at = (name: string): string => join(folder.path, name);
  const socketPath = at("podman.sock");
  await writeFile(at("containers.conf"), CONFIGURATION);
  const start = async (): Promise<ServerProcess> =>
    await startServerProcess({
      command,
      args: [
        ["--root", at("data"), "--runroot", at("run"), "--tmpdir", at("libpod")],
        ["--runtime", findProgram(["runc", "crun"], INSTALL)],
        ["system", "service", "--time=0", `unix://${socketPath}`],
      ].flat(),
      env: { CONTAINERS_CONF: at("containers.conf"), HOME: folder.path },
      // What watches its containers notes there that memory ran out.
      cwd: folder.path,
      probe: () => ping(socketPath),
    });
  let process = await start();
  return {
    name: "podman",
    socketPath,
    get process() {
      return process;
    },
    async restart() {
      process = await start();
    },
    async close() {
      await process.stop();
      await endContainers(folder.path);
      folder.remove();
    },
  };
}
