import {
  createBubblewrapSandbox,
  type Sandbox,
  type SandboxProcess,
  type SandboxSpec,
} from "@mosaic/sandbox";

export interface WatchedSandbox extends Sandbox {
  /** Every sandbox that was started. */
  readonly started: readonly { readonly spec: SandboxSpec; readonly process: SandboxProcess }[];
  /** Most sandboxes that ran at the same time. */
  peak(): number;
  /** Resolves when a sandbox whose label starts with `label` has printed `text`. */
  printed(label: string, text: string): Promise<SandboxProcess>;
}

/** A real sandbox that lets a test wait for what happens in it. */
export function watchedSandbox(): WatchedSandbox {
  const inner = createBubblewrapSandbox();
  const started: { spec: SandboxSpec; process: SandboxProcess }[] = [];
  let peak = 0;
  const watchers = new Set<(process: SandboxProcess, output: string) => void>();
  return {
    ...inner,
    started,
    async start(spec) {
      const process = await inner.start(spec);
      started.push({ spec, process });
      peak = Math.max(peak, inner.list().length);
      let output = "";
      process.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        for (const watch of watchers) watch(process, output);
      });
      return process;
    },
    peak: () => peak,
    printed: (label, text) =>
      new Promise((resolve) => {
        const watch = (process: SandboxProcess, output: string) => {
          if (!process.label.startsWith(label) || !output.includes(text)) return;
          watchers.delete(watch);
          resolve(process);
        };
        watchers.add(watch);
      }),
  };
}
