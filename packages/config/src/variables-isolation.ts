import {
  absolutePath,
  boolean,
  httpUrl,
  integer,
  list,
  pathList,
  text,
  token,
  gitCredentials,
} from "./readers.ts";
import { variable } from "./variable.ts";
import { z } from "zod";

/** Sandboxes, git, gates, and the command line. */
export const ISOLATION_VARIABLES = {
  sandboxEnabled: variable({
    names: ["SANDBOX_ENABLED"],
    schema: boolean,
    default: "true",
    group: "Sandbox",
    description: "false runs agents and gates on the host, unprotected. Audited, and every surface warns.",
  }),
  sandboxRuntime: variable({
    names: ["SANDBOX_RUNTIME"],
    schema: z.enum(["auto", "docker", "podman", "bubblewrap"]),
    default: "auto",
    group: "Sandbox",
    description:
      "What agents and gates run in. `auto`: the first of docker, podman and bubblewrap that isolates in a trial run. Another: that one, or no agent is started.",
  }),
  dockerSocket: variable({
    names: ["DOCKER_SOCKET"],
    schema: absolutePath,
    default: "/var/run/docker.sock",
    group: "Sandbox",
    description: "Socket of the Docker engine of this host. It is never mounted into a sandbox.",
  }),
  podmanSocket: variable({
    names: ["MOSAIC_PODMAN_SOCKET"],
    schema: absolutePath,
    default: undefined,
    group: "Sandbox",
    description:
      "Socket of Podman's service; default: `/run/podman/podman.sock` for root, else the one below `/run/user`.",
  }),
  sandboxMemoryMb: variable({
    names: ["SANDBOX_DEFAULT_MEMORY_MB"],
    schema: integer(64, 1_048_576),
    default: "256",
    group: "Sandbox",
    description: "Memory of an agent's sandbox, in megabytes.",
  }),
  hostPath: variable({
    names: ["PATH"],
    schema: text,
    default: "/usr/local/bin:/usr/bin:/bin",
    group: "Sandbox",
    description: "Where the tools are found that sandboxes may use (read-only, never with a home folder).",
  }),
  gitUserName: variable({
    names: ["GIT_USER_NAME"],
    schema: text.max(200),
    default: "Mosaic",
    group: "Git",
    description: "Author and committer of what is pushed.",
  }),
  gitUserEmail: variable({
    names: ["GIT_USER_EMAIL"],
    schema: text.max(200),
    default: "mosaic@localhost",
    group: "Git",
    description: "Their e-mail address.",
  }),
  localRepositories: variable({
    names: ["MOSAIC_LOCAL_REPOSITORIES"],
    schema: pathList,
    default: "",
    group: "Git",
    description:
      "Folders (between colons) whose repositories any caller may name by path. Callers with admin scope may name any on an embedded instance.",
  }),
  gitAllowPrivate: variable({
    names: ["MOSAIC_GIT_ALLOW_PRIVATE"],
    schema: boolean,
    default: "false",
    group: "Git",
    description: "true allows repository hosts with private addresses.",
  }),
  gitCredentials: variable({
    names: ["MOSAIC_GIT_CREDENTIALS"],
    schema: gitCredentials,
    default: "",
    group: "Git",
    description:
      "Logins of https repositories, between commas: `host=user:/path/of/token-file`. A token file holds the token in its first line and must be mode 0600.",
  }),
  sshIdentityFile: variable({
    names: ["MOSAIC_SSH_IDENTITY_FILE"],
    schema: absolutePath,
    default: undefined,
    group: "Git",
    description: "Private key for ssh repositories.",
  }),
  sshKnownHostsFile: variable({
    names: ["MOSAIC_SSH_KNOWN_HOSTS"],
    schema: absolutePath,
    default: undefined,
    group: "Git",
    description: "Known hosts for ssh repositories; unknown hosts are refused.",
  }),
  gitCaFile: variable({
    names: ["MOSAIC_GIT_CA_FILE"],
    schema: absolutePath,
    default: undefined,
    group: "Git",
    description: "Certificates (PEM) to trust for https repositories instead of the system's.",
  }),
  treeMaxEntries: variable({
    names: ["MOSAIC_TREE_MAX_ENTRIES"],
    schema: integer(1, 100_000_000),
    default: "400000",
    group: "Git",
    description: "Files and folders a branch or a workspace may hold, ignored ones included.",
  }),
  treeMaxBytes: variable({
    names: ["MOSAIC_TREE_MAX_BYTES"],
    schema: integer(1, Number.MAX_SAFE_INTEGER),
    default: "8589934592",
    group: "Git",
    description:
      "Bytes a branch or a workspace may hold, ignored files included; sparse files count in full.",
  }),
  integrate: variable({
    names: ["MOSAIC_INTEGRATE"],
    schema: z.enum(["rebase", "merge"]),
    default: "rebase",
    group: "Git",
    description:
      "How work is put on a base branch that moved: `rebase` (one commit on the new head) or `merge` (a commit with two parents). Either is gated again in full.",
  }),
  integrateAttempts: variable({
    names: ["MOSAIC_INTEGRATE_ATTEMPTS"],
    schema: integer(1, 100),
    default: "5",
    group: "Git",
    description:
      "Times work is put on a base branch that keeps moving while its gates run, before the attempt fails as `conflict`.",
  }),
  gateTimeout: variable({
    names: ["MOSAIC_GATE_TIMEOUT_SECONDS"],
    schema: integer(1, 7200),
    default: "600",
    group: "Gates",
    description: "Longest time of one gate, unless the base branch's gates.json says otherwise.",
  }),
  gateConcurrency: variable({
    names: ["MOSAIC_GATE_CONCURRENCY"],
    schema: integer(1, 64),
    default: "2",
    group: "Gates",
    description: "Gates that run at once in one coordinator.",
  }),
  gateMemoryMb: variable({
    names: ["MOSAIC_GATE_MEMORY_MB"],
    schema: integer(64, 1_048_576),
    default: "2048",
    group: "Gates",
    description: "Memory of a gate's sandbox, in megabytes.",
  }),
  registries: variable({
    names: ["MOSAIC_REGISTRIES"],
    schema: list,
    default:
      "registry.npmjs.org,registry.yarnpkg.com,pypi.org,files.pythonhosted.org,proxy.golang.org,sum.golang.org,index.crates.io,static.crates.io",
    group: "Gates",
    description: "Hosts that preparing dependencies may reach; nothing else is.",
  }),
  crashAt: variable({
    names: ["MOSAIC_CRASH_AT"],
    schema: z
      .string()
      .regex(/^[a-z.-]+(?::[1-9]\d{0,3}(?::stop)?)?$/, "must be <point>, <point>:<n> or <point>:<n>:stop"),
    default: undefined,
    group: "Drills",
    description:
      "For drills only: the process kills itself (SIGKILL) when it passes this step boundary, for the nth time with `:n`, or stops there (SIGSTOP) with `:n:stop`. The points are in `apps/orchestrator/src/spawner/step-points.ts`.",
  }),
  url: variable({
    names: ["MOSAIC_URL"],
    schema: httpUrl,
    default: "http://127.0.0.1:3001",
    group: "Client",
    description: "Where the CLI finds the orchestrator.",
  }),
  token: variable({
    names: ["MOSAIC_TOKEN"],
    schema: token,
    default: undefined,
    group: "Client",
    description: "The CLI's token; default: `cli-token` of the data folder.",
    secret: true,
  }),
} as const;
