import type { Config } from "@mosaic/config";
import { buildConfiguredCoordinator, type CoordinatorApp, type YoloApproval } from "@mosaic/coordinator";
import type { FindToken } from "@mosaic/http";
import type { Data } from "@mosaic/orchestrator";
import type { SandboxChoice } from "@mosaic/sandbox";
import type { Logger } from "@mosaic/telemetry";

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
  return await buildConfiguredCoordinator({
    config,
    version,
    sandbox,
    redact: options.redact,
    logger: options.logger,
    processMetrics: false,
    caFile: process.env["NODE_EXTRA_CA_CERTS"],
    findToken: options.findToken,
    onYolo: (approval) => auditYolo(data, approval),
  });
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
