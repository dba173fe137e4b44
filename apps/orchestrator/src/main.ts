import { heldSecrets, readPlaneStart, sandboxOptions } from "@mosaic/config";
import { chooseSandbox } from "@mosaic/sandbox";
import { createRedaction } from "@mosaic/secrets";
import { createLogger } from "@mosaic/telemetry";
import closeWithGrace from "close-with-grace";
import { buildOrchestratorApp } from "./app.ts";
import { openData } from "./data/open.ts";
import { version } from "./version.ts";

// The execution plane as a process of its own; `mosaic up` composes all three planes instead.

const start = readPlaneStart(process.env, "the coordinator asks for it");
if (typeof start === "string") {
  process.stderr.write(`mosaic-orchestrator: ${start}\n`);
  process.exit(1);
}
const { config, token: coordinatorToken } = start;
const redact = createRedaction(heldSecrets(config, coordinatorToken));
const logger = createLogger({ name: "orchestrator", level: config.logLevel, redact });
const data = await openData({ config, logger });
const app = await buildOrchestratorApp({
  config,
  version,
  data,
  sandbox: await chooseSandbox(sandboxOptions(config)),
  coordinator: { url: config.coordinatorUrl, token: coordinatorToken },
  embedded: false,
  caFile: process.env["NODE_EXTRA_CA_CERTS"],
  logger,
});
closeWithGrace({ delay: config.shutdownGrace * 1000 + 10_000, logger }, async ({ signal, err }) => {
  if (err) logger.error({ err }, "the orchestrator closes after an error");
  else logger.info({ signal }, "the orchestrator closes");
  await app.close();
  await data.close();
});
const { url } = await app.server.listen({ host: config.host, port: config.orchestratorPort });
for (const warning of app.warnings) logger.warn(warning);
logger.info({ url, model: app.model }, "the orchestrator listens");
await app.start(url);
