import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Config } from "@mosaic/config";
import { buildCoordinatorApp, type CoordinatorApp, type YoloApproval } from "@mosaic/coordinator";
import { createGit } from "@mosaic/git";
import { type FindToken, LOOPBACK_HOSTS } from "@mosaic/http";
import type { Data } from "@mosaic/orchestrator";
import { type SandboxChoice, toolchainMounts } from "@mosaic/sandbox";
import { createMetrics, type Logger } from "@mosaic/telemetry";

export interface EmbeddedCoordinatorOptions {
  readonly config: Config;
  readonly version: string;
  readonly data: Data;
  readonly sandbox: SandboxChoice;
  readonly findToken: FindToken;
  readonly redact: (text: string) => string;
  readonly logger: Logger;
}

/** The quality plane on the embedded data folder, with the tools of the person who started it. */
export async function buildEmbeddedCoordinator(options: EmbeddedCoordinatorOptions): Promise<CoordinatorApp> {
  const { config, version, data, sandbox } = options;
  return await buildCoordinatorApp(
    {
      sandbox: sandbox.ok ? sandbox.sandbox : null,
      sandboxDetail: sandbox.ok ? sandbox.detail : `${sandbox.problem}; ${sandbox.remedy}`,
      toolchain: await toolchainMounts({
        nodePath: process.execPath,
        path: config.hostPath,
        home: homedir(),
      }),
      git: createGit({ home: join(data.home, "git-home") }),
      redact: options.redact,
      logger: options.logger,
      metrics: createMetrics({ name: "mosaic-coordinator", version }),
      findToken: options.findToken,
      onYolo: (approval) => auditYolo(data, approval),
      now: Date.now,
      ids: randomUUID,
    },
    {
      version,
      dataDir: data.home,
      mirrorRoots: [join(data.home, "mirrors")],
      yolo: config.yolo,
      registries: config.registries,
      caFile: process.env["NODE_EXTRA_CA_CERTS"],
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

async function auditYolo(data: Data, approval: YoloApproval): Promise<void> {
  await data.store.audit.append({
    at: new Date(approval.at).toISOString(),
    actor: "system",
    action: "gates.skip",
    subject: approval.agentId,
    reason: "YOLO_MODE",
    data: { taskId: approval.taskId, commit: approval.commit, phase: approval.phase },
  });
}
