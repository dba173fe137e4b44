import type { Readable } from "node:stream";
import { dockerClient } from "@mosaic/sandbox";
import { CliError, EXIT } from "../exit.ts";

/** An image as the engine tells of it. */
export interface EngineImage {
  readonly id: string;
  readonly tags: readonly string[];
  /** `name@sha256:…` for each registry it came from; none for what was made here. */
  readonly digests: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly env: readonly string[];
  readonly healthy: boolean;
  readonly bytes: number;
  /** RFC 3339. */
  readonly createdAt: string;
}

export interface BuildRequest {
  /** Tar archive with the Dockerfile and its files. */
  readonly archive: Readable;
  readonly tag: string;
  readonly base: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How the build reaches the network: `none`, or the engine's default. */
  readonly network: "none" | "default";
}

/** What making images needs of a Docker or Podman engine. */
export interface ImageEngine {
  readonly socketPath: string;
  inspect(reference: string): Promise<EngineImage | null>;
  /** @throws what the registry or the network said */
  pull(reference: string): Promise<void>;
  import(archive: Readable, tag: { readonly repo: string; readonly tag: string }): Promise<void>;
  /** @throws the build's last error */
  build(request: BuildRequest, onLine: (line: string) => void): Promise<void>;
  list(label: string): Promise<readonly EngineImage[]>;
  /** Removes a name, and what only it kept. */
  remove(reference: string): Promise<void>;
  /** Removes images without a name that have a label, and what only they kept. */
  removeUnnamed(label: string): Promise<void>;
  /** The files of an image, as a tar archive; nothing of it runs. */
  files(reference: string, read: (archive: Readable) => Promise<void>): Promise<void>;
}

/** Connects to an engine behind a unix socket. @throws CliError when none answers */
export async function connectImageEngine(socketPath: string): Promise<ImageEngine> {
  const docker = await dockerClient(socketPath);
  try {
    await docker.ping();
  } catch (cause) {
    const hints = ["Install Docker or Podman and start it, or name its socket: --socket, or DOCKER_SOCKET."];
    throw new CliError(EXIT.unreachable, `no engine answers at ${socketPath}`, { hints, cause });
  }
  const followed = async (stream: NodeJS.ReadableStream, onLine?: (line: string) => void): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(
        stream,
        (error) => (error === null ? resolve() : reject(error)),
        (event: { stream?: string }) => event.stream?.trimEnd() && onLine?.(event.stream.trimEnd()),
      );
    });
  };
  const engine: ImageEngine = {
    socketPath,
    async inspect(reference) {
      try {
        const found = await docker.getImage(reference).inspect();
        const { Labels, User, Env, Healthcheck } = found.Config as typeof found.Config & {
          Healthcheck?: { Test?: string[] };
        };
        return {
          id: found.Id,
          tags: found.RepoTags ?? [],
          digests: found.RepoDigests ?? [],
          labels: Labels ?? {},
          user: User,
          env: Env ?? [],
          healthy: (Healthcheck?.Test ?? ["NONE"])[0] !== "NONE",
          bytes: found.Size,
          createdAt: found.Created,
        };
      } catch (error) {
        if ((error as { statusCode?: number }).statusCode === 404) return null;
        throw error;
      }
    },
    pull: async (reference) => followed(await docker.pull(reference)),
    async import(archive, { repo, tag }) {
      // Not apart: Podman does not look at the tag by itself.
      await followed(await docker.importImage(archive, { repo: `${repo}:${tag}` }));
    },
    async build({ archive, tag, base, labels, network }, onLine) {
      const options = {
        t: tag,
        buildargs: { BASE: base },
        labels,
        forcerm: true,
        ...(network === "none" ? { networkmode: "none" } : {}),
      };
      await followed(await docker.buildImage(archive, options), onLine);
    },
    async list(label) {
      const found = await docker.listImages({ filters: JSON.stringify({ label: [label] }) });
      const images = await Promise.all(found.map(({ Id }) => engine.inspect(Id)));
      return images.filter((image) => image !== null);
    },
    async remove(reference) {
      await docker.getImage(reference).remove();
    },
    async removeUnnamed(label) {
      await docker.pruneImages({ filters: JSON.stringify({ label: [label], dangling: ["true"] }) });
    },
    async files(reference, read) {
      const container = await docker.createContainer({
        Image: reference,
        // It is never started; some images name no command.
        Cmd: ["none"],
        NetworkDisabled: true,
      });
      try {
        await read((await container.export()) as Readable);
      } finally {
        await container.remove({ force: true });
      }
    },
  };
  return engine;
}
