import type { Git } from "@mosaic/git";
import type { Sandbox } from "@mosaic/sandbox";
import type { Reach } from "../../src/spawner/step-points.ts";

/** Stands in front of what a removal works with, and tells of every moment in between. */
export interface Interruption {
  readonly git: (git: Git) => Git;
  readonly sandbox: (sandbox: Sandbox) => Sandbox;
  readonly reach: Reach;
}

/** @param moment called before and after every command of git, every sandbox, and at every step boundary */
export function interruption(moment: (what: string) => void): Interruption {
  return {
    git: (git) => ({
      run: async (call) => {
        moment(`before git ${call.command}`);
        const result = await git.run(call);
        moment(`after git ${call.command}`);
        return result;
      },
    }),
    sandbox: (sandbox) => ({
      ...sandbox,
      start: async (spec) => {
        moment(`before sandbox ${spec.label}`);
        const started = await sandbox.start(spec);
        moment(`after sandbox ${spec.label}`);
        return started;
      },
    }),
    reach: (point) => moment(point),
  };
}
