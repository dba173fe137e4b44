import { checkSecretFile } from "./credential-helper.ts";
import { shellQuote } from "./shell-quote.ts";

export interface SshOptions {
  /** Default `ssh`. */
  readonly binary?: string;
  /** Private key, mode 0600. */
  readonly identityFile?: string;
  /** Host keys that are trusted. Without it no host is: unknown hosts are refused. */
  readonly knownHostsFile?: string;
}

/**
 * The command git starts for `ssh://`: no prompt, no user configuration, no unknown host, no shared connection that
 * outlives it, and the address that was checked instead of a second look at the name.
 * @throws RemoteRefusedError when others may read the identity file
 */
export async function sshCommand(
  target: { readonly host: string; readonly address: string },
  options: SshOptions,
): Promise<string> {
  if (options.identityFile !== undefined) await checkSecretFile(options.identityFile);
  const settings = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    `UserKnownHostsFile=${options.knownHostsFile ?? "/dev/null"}`,
    `HostName=${target.address}`,
    `HostKeyAlias=${target.host}`,
    "ControlMaster=no",
    "ControlPath=none",
    "ProxyCommand=none",
    "PermitLocalCommand=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "ConnectTimeout=15",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    ...(options.identityFile === undefined
      ? []
      : [`IdentityFile=${options.identityFile}`, "IdentitiesOnly=yes", "IdentityAgent=none"]),
  ];
  const words = [options.binary ?? "ssh", "-F", "none", ...settings.flatMap((setting) => ["-o", setting])];
  return words.map(shellQuote).join(" ");
}
