import { createBubblewrapSandbox, type BubblewrapOptions } from "./bubblewrap/create.ts";
import { createDockerSandbox } from "./docker/create.ts";
import { EngineError } from "./docker/engine-error.ts";
import { DOCKER_SOCKET, podmanSocket } from "./docker/socket.ts";
import { whyNoEngine } from "./docker/why-no-engine.ts";
import { sandboxFacts, type SandboxFacts } from "./facts.ts";
import { engineImageIds, type ImageIds, noImageIds } from "./image-ids.ts";
import { createNoneSandbox } from "./none/create.ts";
import { SandboxError, type Sandbox } from "./port.ts";

export type SandboxRuntime = "docker" | "podman" | "bubblewrap";

interface Working {
  readonly ok: true;
  readonly sandbox: Sandbox;
  /** What `detail` says in words. */
  readonly facts: SandboxFacts;
  readonly imageIds: ImageIds;
  readonly detail: string;
}

export type SandboxChoice =
  | (Working & { readonly warning?: string })
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

export interface ChoiceOptions {
  /** SANDBOX_ENABLED */
  readonly enabled: boolean;
  /** SANDBOX_RUNTIME: this one or none, or `auto` (the default): the first that works. */
  readonly runtime?: "auto" | SandboxRuntime | undefined;
  /** DOCKER_SOCKET. Default /var/run/docker.sock. */
  readonly dockerSocket?: string | undefined;
  /** MOSAIC_PODMAN_SOCKET. Default: the user's own below XDG_RUNTIME_DIR, root's for root. */
  readonly podmanSocket?: string | undefined;
  readonly bubblewrap?: BubblewrapOptions;
}

/** The order in which they are tried: the one with the most walls first. */
const ORDER: readonly SandboxRuntime[] = ["docker", "podman", "bubblewrap"];

const REMEDIES: Readonly<Record<SandboxRuntime, string>> = {
  docker: "start Docker, or name its socket in DOCKER_SOCKET",
  podman:
    "start Podman's service as root (systemctl enable --now podman.socket) for a Mosaic that is root, or name its socket in MOSAIC_PODMAN_SOCKET",
  bubblewrap:
    "install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap) and allow user namespaces",
};

/**
 * The sandbox for this host: the first of Docker, Podman and bubblewrap of which a trial run isolates; or the one the
 * owner names, and no other. `none` only when the owner switched isolation off; it is never fallen back to.
 */
export async function chooseSandbox(options: ChoiceOptions): Promise<SandboxChoice> {
  if (!options.enabled) return await noSandbox();
  const { runtime = "auto" } = options;
  const refused: string[] = [];
  for (const name of runtime === "auto" ? ORDER : [runtime]) {
    const found = await tried(name, options);
    if (found.ok) return { ...found, detail: [found.detail, ...refused].join("; ") };
    refused.push(`not ${name}: ${found.detail}`);
  }
  return {
    ok: false,
    problem: `no sandbox works here: ${refused.join("; ")}`,
    remedy: `${remedy(runtime)}; or accept no isolation with SANDBOX_ENABLED=false`,
  };
}

function remedy(runtime: "auto" | SandboxRuntime): string {
  if (process.platform !== "linux")
    return `sandboxes need Linux, and this is ${process.platform}: run Mosaic in a Linux virtual machine`;
  if (runtime !== "auto") return `${REMEDIES[runtime]}, or set SANDBOX_RUNTIME=auto`;
  return ORDER.map((name) => REMEDIES[name]).join("; or ");
}

type Tried = Working | { readonly ok: false; readonly detail: string };

async function tried(name: SandboxRuntime, options: ChoiceOptions): Promise<Tried> {
  if (name === "bubblewrap") return await probed(createBubblewrapSandbox(options.bubblewrap), noImageIds);
  const socketPath =
    name === "docker" ? (options.dockerSocket ?? DOCKER_SOCKET) : (options.podmanSocket ?? podmanSocket());
  const reason = await whyNoEngine(name, socketPath);
  if (reason !== null) return { ok: false, detail: reason };
  return await probed(createDockerSandbox({ name, socketPath }), engineImageIds(socketPath));
}

async function probed(sandbox: Sandbox, imageIds: ImageIds): Promise<Tried> {
  const { ok, detail } = await sandbox.probe();
  if (!ok) return { ok, detail };
  try {
    return { ok, sandbox, facts: await sandboxFacts(sandbox), imageIds, detail };
  } catch (error) {
    // Its engine went away after the trial run.
    if (!(error instanceof SandboxError || error instanceof EngineError)) throw error;
    return { ok: false, detail: error.message };
  }
}

async function noSandbox(): Promise<SandboxChoice> {
  const sandbox = createNoneSandbox();
  const { detail } = await sandbox.probe();
  return {
    ok: true,
    sandbox,
    facts: await sandboxFacts(sandbox),
    imageIds: noImageIds,
    detail,
    warning:
      "SANDBOX_ENABLED=false: agents and gates run on this host with your rights. They can read your files, use your network and change anything you can.",
  };
}
