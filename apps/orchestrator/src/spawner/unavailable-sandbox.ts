import { type Sandbox, SandboxError } from "@mosaic/sandbox";

/** Stands where no sandbox works: every start is refused with what to do. Nothing ever runs on the host instead. */
export function unavailableSandbox(problem: string, remedy: string): Sandbox {
  const why = `${problem}; ${remedy}`;
  return {
    name: "none",
    isolates: true,
    takesImages: false,
    heldLimits: async () => ({ memory: "none", processes: "none", cpus: "none" }),
    removeOrphans: async () => [],
    probe: async () => ({ ok: false, detail: why }),
    start: () => Promise.reject(new SandboxError(why)),
    resolve: (_, path) => path,
    list: () => [],
  };
}
