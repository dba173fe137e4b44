import { isRefusal, parseRepository, type Repository } from "@mosaic/domain";
import { receivePack } from "./receive-pack.ts";
import { isIPv6 } from "node:net";
import { resolvePublicAddresses, type Lookup } from "./address-policy.ts";
import { credentialConfig, type HttpsCredential } from "./credential-helper.ts";
import type { ConfigPair } from "./environment.ts";
import { RemoteRefusedError } from "./errors.ts";
import { sshCommand, type SshOptions } from "./ssh-command.ts";

/** A remote that was checked, and what one git call needs to reach exactly it. Good for one operation: names move. */
export interface RemoteAccess {
  readonly url: string;
  readonly protocol: "https" | "ssh" | "file";
  readonly config: readonly ConfigPair[];
  readonly env: Readonly<Record<string, string>>;
  /** What git starts to push to a local path, instead of a plain `git receive-pack`. */
  readonly receivePack?: string;
}

export interface RemotesOptions {
  /** Let hosts resolve to private, loopback and other non-public addresses. */
  readonly allowPrivate: boolean;
  readonly credentials?: readonly HttpsCredential[];
  readonly ssh?: SshOptions;
  /** Certificates (PEM) to trust for https instead of the system's. */
  readonly caFile?: string;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
}

export interface Remotes {
  /**
   * Checks a repository and pins its address for the call that follows.
   * @throws RemoteRefusedError when its form or its address is not acceptable
   */
  open(repository: Repository): Promise<RemoteAccess>;
}

const LOCAL = { protocol: "file", config: [], env: {} } as const;

export function createRemotes(options: RemotesOptions): Remotes {
  return {
    open: async (repository) => {
      const checked = parseRepository(repository.url);
      if (isRefusal(checked)) throw new RemoteRefusedError(`the repository is refused: ${checked.why}`);
      if (checked.kind === "local")
        return { ...LOCAL, url: checked.url, receivePack: receivePack(checked.url) };
      const [first, ...more] = await resolvePublicAddresses(checked.host, options);
      if (first === undefined) throw new RemoteRefusedError(`the host '${checked.host}' has no address`);
      return checked.kind === "https"
        ? await https(checked, [first, ...more], options)
        : await ssh(checked, first, options);
    },
  };
}

async function https(
  repository: Repository,
  addresses: readonly string[],
  options: RemotesOptions,
): Promise<RemoteAccess> {
  const { origin, port } = new URL(repository.url);
  const pinned = addresses.map((address) => (isIPv6(address) ? `[${address}]` : address)).join(",");
  const credential = options.credentials?.find(({ host }) => host === repository.host);
  return {
    url: repository.url,
    protocol: "https",
    config: [
      ["protocol.https.allow", "always"],
      ["http.curloptResolve", `${repository.host}:${port === "" ? "443" : port}:${pinned}`],
      ...(options.caFile === undefined ? [] : [["http.sslCAInfo", options.caFile] as const]),
      ...(credential === undefined ? [] : await credentialConfig(origin, credential)),
    ],
    env: {},
  };
}

async function ssh(repository: Repository, address: string, options: RemotesOptions): Promise<RemoteAccess> {
  const command = await sshCommand({ host: repository.host, address }, options.ssh ?? {});
  return {
    url: repository.url,
    protocol: "ssh",
    config: [["protocol.ssh.allow", "always"]],
    // The variable, since it goes before any configuration; git hands it to a shell.
    env: { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: "ssh" },
  };
}
