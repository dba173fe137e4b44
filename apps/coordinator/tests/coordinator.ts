import type {
  PrepareResponse,
  Problem,
  QualityCheckResponse,
  QualityCheckRequest,
  Verdict,
} from "@mosaic/contracts";
import { createGit } from "@mosaic/git";
import { hashToken, LOOPBACK_HOSTS } from "@mosaic/http";
import { createBubblewrapSandbox, type ImageIds, type Sandbox, toolchainMounts } from "@mosaic/sandbox";
import { createScanner } from "@mosaic/secrets";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { buildCoordinatorApp, type CoordinatorOptions, type YoloApproval } from "../src/index.ts";
import { createRepository, type TestRepository } from "./repository.ts";

export const TOKEN = "mosaic_test-token-of-the-coordinator";
export const AGENT = "0190a1b2-0000-4000-8000-000000000001";

export interface TestCoordinator {
  readonly url: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly repository: TestRepository;
  readonly sandbox: Sandbox;
  readonly yolo: readonly YoloApproval[];
  /** Log lines at `warn` and above. */
  readonly log: readonly string[];
  readonly post: (path: string, body: unknown, signal?: AbortSignal) => Promise<Response>;
  /** Checks a commit; fields of `more` replace the usual ones. */
  readonly check: (
    commit: string,
    base: string,
    more?: Partial<QualityCheckRequest>,
  ) => Promise<QualityCheckResponse>;
  /** Resolves when nothing is being worked on. */
  readonly idle: () => Promise<void>;
  /** Files left in the work area of this process. */
  readonly leftovers: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export interface TestOptions extends Partial<CoordinatorOptions> {
  readonly sandbox?: Sandbox | null;
  /** Default: what a name is the id of is the name. */
  readonly imageIds?: ImageIds;
}

/** A whole quality plane on a free port: real git, real sandboxes, real HTTP, in a folder of its own. */
export async function startCoordinator(given: TestOptions = {}): Promise<TestCoordinator> {
  const { sandbox: givenSandbox, imageIds = async (name) => await Promise.resolve(name), ...options } = given;
  const folder = mkdtempSync(join(tmpdir(), "mosaic-coordinator-"));
  const dataDir = options.dataDir ?? join(folder, "data");
  const gitHome = join(folder, "git-home");
  mkdirSync(gitHome);
  const repository = createRepository(join(folder, "mirrors"));
  const sandbox = givenSandbox === undefined ? createBubblewrapSandbox() : givenSandbox;
  const scanner = createScanner({ salt: "salt-of-the-tests-0123" });
  const yolo: YoloApproval[] = [];
  const log: string[] = [];
  const app = await buildCoordinatorApp(
    {
      sandbox,
      sandboxDetail: "install bubblewrap",
      sandboxFacts: null,
      imageIds,
      toolchain: await toolchainMounts({
        nodePath: process.execPath,
        path: process.env["PATH"] ?? "",
        home: homedir(),
      }),
      git: createGit({ home: gitHome }),
      redact: (text) => scanner.redact(text),
      logger: createLogger({
        name: "coordinator",
        level: "warn",
        redact: (text) => text,
        destination: { write: (line) => void log.push(line) },
      }),
      metrics: createMetrics({ name: "coordinator", version: "0.0.0" }),
      findToken: (hash) =>
        Promise.resolve(hash === hashToken(TOKEN) ? { name: "test", scopes: ["spawn", "read"] } : null),
      onYolo: (approval) => void yolo.push(approval),
      now: Date.now,
      ids: randomUUID,
    },
    {
      version: "0.0.0",
      mirrorRoots: [join(folder, "mirrors")],
      yolo: false,
      registries: [],
      images: [],
      allowedHosts: LOOPBACK_HOSTS,
      allowedOrigins: [],
      platform: { platform: process.platform, arch: process.arch, node: process.version },
      pid: process.pid,
      ...options,
      dataDir,
    },
  );
  const { url } = await app.server.listen({ host: "127.0.0.1", port: 0 });
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(new URL(path, url), {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  return {
    url,
    folder,
    dataDir,
    repository,
    sandbox: sandbox ?? createBubblewrapSandbox(),
    yolo,
    log,
    post,
    idle: () => app.idle(),
    async check(commit, base, more = {}) {
      const response = await post("/api/quality/check", checkRequest(repository.mirror, commit, base, more));
      const body: unknown = await response.json();
      if (!response.ok) throw new Error(`${(body as Problem).code}: ${(body as Problem).detail}`);
      return body as QualityCheckResponse;
    },
    async leftovers() {
      const names = await readdir(join(dataDir, "coordinator", "work"), { recursive: true });
      return names.filter((name) => name.split("/").length > 2);
    },
    async close() {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The request for a check of `commit`. */
export function checkRequest(
  mirror: string,
  commit: string,
  base: string,
  more: Partial<QualityCheckRequest> = {},
): QualityCheckRequest {
  return {
    taskId: "task-1",
    agentId: AGENT,
    files: [],
    diffSummary: "",
    mirror,
    commit,
    base,
    phase: "pre-commit",
    profile: "minimal",
    ...more,
  };
}

/** The verdict of one gate. */
export function verdictOf(response: QualityCheckResponse, gate: string): Verdict {
  const verdict = response.details?.verdicts.find((candidate) => candidate.gate === gate);
  if (!verdict) throw new Error(`no ${gate} verdict in ${JSON.stringify(response)}`);
  return verdict;
}

/** What is prepared for a commit, as an orchestrator asks for it. */
export async function prepare(coordinator: TestCoordinator, commit: string): Promise<PrepareResponse> {
  const body = { mirror: coordinator.repository.mirror, commit };
  const response = await coordinator.post("/api/quality/prepare", body);
  if (response.status !== 200)
    throw new Error(`prepare answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as PrepareResponse;
}

/** Starts quality planes for the tests of a file; each ends with its test. */
export function useCoordinators(): (options?: TestOptions) => Promise<TestCoordinator> {
  const running: TestCoordinator[] = [];
  afterEach(async () => {
    // The newest first: it may work in an older one's folder.
    const newestFirst = running.splice(0).toReversed();
    await Promise.all(newestFirst.map((coordinator) => coordinator.close()));
  });
  return async (options) => {
    const coordinator = await startCoordinator(options);
    running.push(coordinator);
    return coordinator;
  };
}
