import { heldSecrets, readPlaneStart } from "@mosaic/config";
import { createRedaction } from "@mosaic/secrets";
import { createLogger } from "@mosaic/telemetry";
import closeWithGrace from "close-with-grace";
import { createConfiguredToken } from "./access/configured-token.ts";
import { buildApiApp } from "./app.ts";
import { version } from "./version.ts";

// The control plane as a process of its own; `mosaic up` composes all three planes instead.

const start = readPlaneStart(process.env, "the api alone has no token store");
if (typeof start === "string") {
  process.stderr.write(`mosaic-api: ${start}\n`);
  process.exit(1);
}
const { config, token } = start;
const redact = createRedaction(heldSecrets(config, token));
const logger = createLogger({ name: "api", level: config.logLevel, redact });
const app = buildApiApp({
  config,
  version,
  orchestratorUrl: config.orchestratorUrl,
  coordinatorUrl: config.coordinatorUrl,
  findToken: createConfiguredToken(token),
  warnings: () => [],
  logger,
});
closeWithGrace({ delay: config.shutdownGrace * 1000 + 5000, logger }, async ({ signal, err }) => {
  if (err) logger.error({ err }, "the api closes after an error");
  else logger.info({ signal }, "the api closes");
  await app.close();
});
const { url } = await app.server.listen({ host: config.host, port: config.apiPort });
logger.info({ url }, "the api listens");
