import {
  type EnvironmentDefinition,
  ENVIRONMENT_MAX_BYTES,
  ENVIRONMENT_PATH,
  imageRefusal,
  parseEnvironment,
} from "@mosaic/contracts";
import { AttemptFailure } from "@mosaic/domain";
import type { MirrorReader, Workspace } from "../../git/port.ts";
import type { ConfiguredMcpServer } from "../../mcp/read-mcp-file.ts";
import { findSkill, SKILL_NAME } from "../../skills/find-skill.ts";
import { type AttemptContext, enter, record } from "../context.ts";
import { grantEgress } from "../egress-policy.ts";
import type { QuotedFile, QuotedSkill } from "../prompt.ts";

/** What an agent gets beside its tree, its tools and its model: what the task asks for, as far as owner and base branch let it. */
export interface GivenEnvironment {
  /** Image of its sandbox; null for the sandbox's own. */
  readonly image: string | null;
  /** What it may reach, `host:port` each. */
  readonly egress: readonly string[];
  readonly skills: readonly GivenSkill[];
  readonly mcpServers: readonly ConfiguredMcpServer[];
  /** How the repository describes itself. */
  readonly guides: readonly QuotedFile[];
}

export interface GivenSkill extends QuotedSkill {
  /** Host folder with the skill's files, for the owner's; null for the repository's, which are in the tree. */
  readonly folder: string | null;
}

/** Largest guide or skill of a repository that is quoted, in bytes. */
const MAX_QUOTED_BYTES = 32_768;
const GUIDES = ["CLAUDE.md", "AGENTS.md"];

/** What was read at the base commit: what the branch's people wrote, not what an agent left. */
interface BaseFiles {
  readonly environment: EnvironmentDefinition;
  readonly guides: readonly QuotedFile[];
  /** The repository's skills, by name. */
  readonly skills: ReadonlyMap<string, readonly QuotedFile[]>;
}

/**
 * Reads the base branch's environment and decides what the agent gets.
 * @throws AttemptFailure `environment` when the task or the base branch asks for what this instance does not give
 */
export async function giveEnvironment(
  context: AttemptContext,
  workspace: Workspace,
): Promise<GivenEnvironment> {
  const { services, task } = context;
  await enter(context, "environment");
  const { mirror, baseCommit } = workspace;
  const names = task.skills.filter((name) => SKILL_NAME.test(name));
  const base = await services.workspaces.reading(
    mirror,
    (reader) => readBase(reader, baseCommit, names),
    context.signal,
  );
  const { image, egress: opened = [] } = base.environment;
  const { name: sandbox, takesImages } = services.sandbox;
  const refusal = imageRefusal(image, { sandbox, takesImages, images: services.settings.images });
  if (refusal !== null) throw new AttemptFailure("environment", refusal);
  const given: GivenEnvironment = {
    image: image ?? null,
    egress: grantEgress(task.options.egress ?? [], services.settings.egress, opened),
    skills: (await Promise.all(names.map((name) => chooseSkill(context, name, base)))).flat(),
    mcpServers: services.mcpServers.filter(({ agentTypes }) => agentTypes?.includes(task.agentType) ?? true),
    guides: base.guides,
  };
  await tell(context, given);
  services.reach("environment.given");
  return given;
}

async function readBase(reader: MirrorReader, commit: string, names: readonly string[]): Promise<BaseFiles> {
  const file = await reader.readRules(commit, ENVIRONMENT_PATH, ENVIRONMENT_MAX_BYTES);
  if (file.kind === "refused")
    throw new AttemptFailure("environment", `${ENVIRONMENT_PATH} of the base branch ${file.why}`);
  const parsed = parseEnvironment(file.kind === "text" ? file.text : null);
  if (!parsed.ok) throw new AttemptFailure("environment", parsed.reason);
  const quoted = async (paths: readonly string[]): Promise<QuotedFile[]> => {
    const files = await Promise.all(
      paths.map(async (path) => ({ path, bytes: await reader.readFile(commit, path, MAX_QUOTED_BYTES) })),
    );
    return files.flatMap(({ path, bytes }) =>
      bytes === null ? [] : [{ path, text: bytes.toString("utf8") }],
    );
  };
  const skills = await Promise.all(
    names.map(
      async (name) =>
        [name, await quoted([`.mosaic/skills/${name}.md`, `.claude/skills/${name}/SKILL.md`])] as const,
    ),
  );
  return { environment: parsed.environment, guides: await quoted(GUIDES), skills: new Map(skills) };
}

/** The owner's skill of this name, else the repository's; both would be two sets of instructions. */
async function chooseSkill(
  { services }: AttemptContext,
  name: string,
  { skills }: BaseFiles,
): Promise<readonly GivenSkill[]> {
  const owners = await findSkill(services.settings.skillsFolder, name);
  if (owners === null)
    return (skills.get(name) ?? []).map((file) => ({ ...file, name, owners: false, folder: null }));
  const place = `/opt/mosaic/skills/${name}`;
  // Without isolation nothing is mounted: the files are where they are.
  const path = services.sandbox.isolates ? place : owners.folder;
  return [{ name, path, text: owners.text, owners: true, folder: owners.folder }];
}

/** Says what is not as it always is: most agents get nothing of this. */
async function tell(context: AttemptContext, given: GivenEnvironment): Promise<void> {
  const { task, services } = context;
  const skills = [...new Set(given.skills.map(({ name }) => name))];
  const isPlain =
    given.image === null &&
    given.egress.length === 0 &&
    given.mcpServers.length === 0 &&
    task.skills.length === 0 &&
    task.options.memoryMb === undefined;
  if (isPlain) return;
  await record(context, {
    type: "workspace.environment",
    data: {
      image: given.image,
      memoryMb: task.options.memoryMb ?? services.settings.memoryMb,
      skills,
      missingSkills: task.skills.filter((name) => !skills.includes(name)),
      mcpServers: given.mcpServers.map(({ name }) => name),
      egress: [...given.egress],
    },
  });
}
