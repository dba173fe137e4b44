import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Config } from "@mosaic/config";
import { createGit } from "@mosaic/git";
import { LOOPBACK_HOSTS } from "@mosaic/http";
import { noImageIds, type SandboxChoice, toolchainMounts } from "@mosaic/sandbox";
import { createMetrics } from "@mosaic/telemetry";
import { buildCoordinatorApp, type CoordinatorApp } from "./app.ts";
import type { CoordinatorDeps } from "./options.ts";

export interface ConfiguredCoordinatorOptions extends Pick<
  CoordinatorDeps,
  "findToken" | "redact" | "logger" | "onYolo"
> {
  readonly config: Config;
  readonly version: string;
  readonly sandbox: SandboxChoice;
  /** Also Node's process metrics; only one plane of a process asks for them. */
  readonly processMetrics: boolean;
  /** Further certificate authorities for the registries (NODE_EXTRA_CA_CERTS). */
  readonly caFile: string | undefined;
}

/** The quality plane as the configuration says, with the tools of the person who started it: alone, or beside the others. */
export async function buildConfiguredCoordinator(
  options: ConfiguredCoordinatorOptions,
): Promise<CoordinatorApp> {
  const { config, version, sandbox, findToken, redact, logger, onYolo, processMetrics, caFile } = options;
  return await buildCoordinatorApp(
    {
      sandbox: sandbox.ok ? sandbox.sandbox : null,
      sandboxDetail: sandbox.ok ? sandbox.detail : `${sandbox.problem}; ${sandbox.remedy}`,
      sandboxFacts: sandbox.ok ? sandbox.facts : null,
      imageIds: sandbox.ok ? sandbox.imageIds : noImageIds,
      toolchain: await toolchainMounts({
        nodePath: process.execPath,
        path: config.hostPath,
        home: homedir(),
      }),
      git: createGit({ home: join(config.home, "git-home") }),
      redact,
      logger,
      metrics: createMetrics({ name: "mosaic-coordinator", version, processMetrics }),
      findToken,
      onYolo,
      now: Date.now,
      ids: randomUUID,
    },
    {
      version,
      dataDir: config.home,
      mirrorRoots: [join(config.home, "mirrors")],
      yolo: config.yolo,
      registries: config.registries,
      images: config.images,
      caFile,
      allowedHosts: [...LOOPBACK_HOSTS, config.host, ...config.allowedHosts],
      allowedOrigins: config.allowedOrigins,
      rateLimitPerMinute: config.rateLimit,
      platform: { platform: process.platform, arch: process.arch, node: process.version },
      pid: process.pid,
      limits: {
        gatesAtOnce: config.gateConcurrency,
        gateTimeoutMs: config.gateTimeout * 1000,
        memoryMb: config.gateMemoryMb,
      },
    },
  );
}
