import { createBubblewrapSandbox, type BubblewrapOptions } from "./bubblewrap/create.ts";
import { createNoneSandbox } from "./none/create.ts";
import type { Sandbox } from "./port.ts";

export type SandboxChoice =
  | { readonly ok: true; readonly sandbox: Sandbox; readonly detail: string; readonly warning?: string }
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

/**
 * The sandbox for this host: bubblewrap if a trial run isolates, `none` only when isolation was switched off by the
 * owner. Never falls back to `none` by itself.
 */
export async function chooseSandbox(options: {
  /** SANDBOX_ENABLED */
  readonly enabled: boolean;
  readonly bubblewrap?: BubblewrapOptions;
}): Promise<SandboxChoice> {
  if (!options.enabled) {
    const sandbox = createNoneSandbox();
    const { detail } = await sandbox.probe();
    return {
      ok: true,
      sandbox,
      detail,
      warning:
        "SANDBOX_ENABLED=false: agents and gates run on this host with your rights. They can read your files, use your network and change anything you can.",
    };
  }
  const sandbox = createBubblewrapSandbox(options.bubblewrap);
  const { ok, detail } = await sandbox.probe();
  if (ok) return { ok, sandbox, detail };
  return {
    ok,
    problem: `no sandbox works here: ${detail}`,
    remedy:
      process.platform === "linux"
        ? "Install it (Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap) and allow user namespaces; or accept no isolation with SANDBOX_ENABLED=false"
        : `bubblewrap needs Linux, this is ${process.platform}; run Mosaic in a Linux virtual machine, or accept no isolation with SANDBOX_ENABLED=false`,
  };
}
