import { z } from "zod";
import { absolutePath, decimal, egressTargets, integer, list } from "./readers.ts";
import { variable } from "./variable.ts";

const IMAGE = /^[a-z0-9][a-z0-9._/:-]{0,254}(?:@sha256:[0-9a-f]{64})?$/;

/** What agents get around them: how much of the machine, which images, the way out, skills and tool servers. */
export const ENVIRONMENT_VARIABLES = {
  sandboxMaxMemoryMb: variable({
    names: ["SANDBOX_MAX_MEMORY_MB"],
    schema: integer(64, 1_048_576),
    default: undefined,
    group: "Sandbox",
    description:
      "The most a task may ask for by `options.memoryMb`. Default: 4096, or SANDBOX_DEFAULT_MEMORY_MB when that is more.",
  }),
  sandboxCpus: variable({
    names: ["SANDBOX_DEFAULT_CPUS"],
    schema: decimal(0.05, 1024),
    default: "1",
    group: "Sandbox",
    description: "Processors' worth of time of an agent's sandbox; 0.5 is half of one.",
  }),
  sandboxProcesses: variable({
    names: ["SANDBOX_DEFAULT_PROCESSES"],
    schema: integer(32, 1_000_000),
    default: "1024",
    group: "Sandbox",
    description: "Processes and threads of an agent's sandbox together.",
  }),
  images: variable({
    names: ["MOSAIC_IMAGES"],
    schema: list.pipe(z.array(z.string().regex(IMAGE, "must be names of images"))),
    default: "mosaic-agent:latest",
    group: "Sandbox",
    description:
      "Images (between commas, each as written in `.mosaic/environment.json`) that base branches may choose for agents and gates. The default is what `mosaic image build` makes.",
  }),
  egressAllow: variable({
    names: ["MOSAIC_EGRESS_ALLOW"],
    schema: egressTargets,
    default: "",
    group: "Sandbox",
    description:
      "`host:port` between commas: what a task may ask for by `options.egress`. Exact names, public addresses, never a model's host. Empty: no agent has a network.",
  }),
  egressRepositoryAllow: variable({
    names: ["MOSAIC_EGRESS_REPOSITORY_ALLOW"],
    schema: egressTargets,
    default: "",
    group: "Sandbox",
    description:
      "`host:port` between commas: what a repository's base branch may open, by `.mosaic/environment.json`, to tasks on it that ask. Empty: base branches open nothing.",
  }),
  skillsFolder: variable({
    names: ["MOSAIC_SKILLS_FOLDER"],
    schema: absolutePath,
    default: undefined,
    group: "Agents",
    description:
      "Folder of your skills, `<name>/SKILL.md` with further files: tasks name them in `context.skills`. They win over a repository's own.",
  }),
  mcpFile: variable({
    names: ["MOSAIC_MCP_FILE"],
    schema: absolutePath,
    default: undefined,
    group: "Agents",
    description:
      "JSON file of the Model Context Protocol servers that agents get, started inside their sandboxes. A repository's own `.mcp.json` is never read.",
  }),
} as const;
