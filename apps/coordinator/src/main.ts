import { heldSecrets, readPlaneStart, sandboxOptions } from "@mosaic/config";
import { hashToken } from "@mosaic/http";
import { chooseSandbox, clearOrphans } from "@mosaic/sandbox";
import { createRedaction } from "@mosaic/secrets";
import { createLogger } from "@mosaic/telemetry";
import closeWithGrace from "close-with-grace";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildConfiguredCoordinator } from "./configured.ts";
import { version } from "./version.ts";

// The quality plane as a process of its own; `mosaic up` composes all three planes instead.

const start = readPlaneStart(process.env, "the coordinator alone has no token store");
if (typeof start === "string") {
  process.stderr.write(`mosaic-coordinator: ${start}\n`);
  process.exit(1);
}
const { config, token } = start;
const redact = createRedaction(heldSecrets(config, token));
const logger = createLogger({ name: "coordinator", level: config.logLevel, redact });

const gitHome = join(config.home, "git-home");
await mkdir(gitHome, { recursive: true, mode: 0o700 });
const choice = await chooseSandbox(sandboxOptions(config));
if (!choice.ok) logger.error(`${choice.problem}; ${choice.remedy}`);
else if (choice.warning !== undefined) logger.warn(choice.warning);
await clearOrphans(choice, logger);

const tokenHash = hashToken(token);
const app = await buildConfiguredCoordinator({
  config,
  version,
  sandbox: choice,
  redact,
  logger,
  processMetrics: true,
  caFile: process.env["NODE_EXTRA_CA_CERTS"],
  findToken: (hash) =>
    Promise.resolve(hash === tokenHash ? { name: "service", scopes: ["read", "spawn"] } : null),
  // The warning in the log is all there is to keep it in: this process has no audit store of its own.
  onYolo: () => undefined,
});
closeWithGrace({ delay: config.shutdownGrace * 1000 + 5000, logger }, async ({ signal, err }) => {
  if (err) logger.error({ err }, "the coordinator closes after an error");
  else logger.info({ signal }, "the coordinator closes");
  await app.close();
});
const { url } = await app.server.listen({ host: config.host, port: config.coordinatorPort });
if (config.yolo) logger.warn("Quality gates disabled (YOLO_MODE)");
logger.info({ url }, "the coordinator listens");
