import { z } from "zod";
import { absolutePath, httpUrl, integer, list, port, text, token } from "./readers.ts";
import { variable } from "./variable.ts";

/** Where the planes listen, keep their data, and whom they let in. */
export const SERVER_VARIABLES = {
  host: variable({
    names: ["MOSAIC_HOST"],
    schema: text,
    default: "127.0.0.1",
    group: "Addresses",
    description: "Address the planes listen on. Anything but loopback should sit behind TLS.",
  }),
  orchestratorPort: variable({
    names: ["ORCHESTRATOR_PORT"],
    schema: port,
    default: "3001",
    group: "Addresses",
    description: "Port of the execution plane; 0 takes a free one.",
  }),
  coordinatorPort: variable({
    names: ["COORDINATOR_PORT"],
    schema: port,
    default: "8000",
    group: "Addresses",
    description: "Port of the quality plane; 0 takes a free one.",
  }),
  apiPort: variable({
    names: ["API_PORT"],
    schema: port,
    default: "3000",
    group: "Addresses",
    description: "Port of the control plane; 0 takes a free one.",
  }),
  coordinatorUrl: variable({
    names: ["COORDINATOR_URL"],
    schema: httpUrl,
    default: "http://127.0.0.1:8000",
    group: "Addresses",
    description: "Where the orchestrator and the api find the coordinator. `mosaic up` uses its own.",
  }),
  orchestratorUrl: variable({
    names: ["ORCHESTRATOR_URL"],
    schema: httpUrl,
    default: "http://127.0.0.1:3001",
    group: "Addresses",
    description: "Where the api finds the orchestrator. `mosaic up` uses its own.",
  }),
  allowedHosts: variable({
    names: ["MOSAIC_ALLOWED_HOSTS"],
    schema: list,
    default: "",
    group: "Addresses",
    description:
      "Host names served beside localhost, 127.0.0.1, [::1] and MOSAIC_HOST (against DNS rebinding).",
  }),
  allowedOrigins: variable({
    names: ["MOSAIC_ALLOWED_ORIGINS"],
    schema: list,
    default: "",
    group: "Addresses",
    description: "Origins whose pages may call the planes, beside the planes' own.",
  }),
  advertisedUrl: variable({
    names: ["MOSAIC_ADVERTISED_URL"],
    schema: z.url({ protocol: /^https?$/ }),
    default: undefined,
    group: "Addresses",
    description:
      "Where people and other orchestrators reach this orchestrator; by default the address it listens on.",
  }),
  home: variable({
    names: ["MOSAIC_HOME"],
    schema: absolutePath,
    default: undefined,
    group: "Data",
    description: "The one data folder; default `~/.mosaic`.",
  }),
  eventsKeep: variable({
    names: ["MOSAIC_EVENTS_KEEP"],
    schema: integer(1000, 100_000_000),
    default: "500000",
    group: "Data",
    description: "Events kept for replay; older ones are dropped.",
  }),
  databaseUrl: variable({
    names: ["DATABASE_URL"],
    schema: z.url({ protocol: /^postgres(ql)?$/ }),
    default: undefined,
    group: "Data",
    description:
      "PostgreSQL of an installation with many orchestrators: `postgres://user:password@host:5432/database?sslmode=verify-full`. Together with VALKEY_URL, or neither.",
    secret: true,
  }),
  valkeyUrl: variable({
    names: ["VALKEY_URL"],
    schema: z.url({ protocol: /^(redis|valkey)s?$/ }),
    default: undefined,
    group: "Data",
    description:
      "Valkey (or Redis 7) of an installation with many orchestrators: `redis[s]://user:password@host:6379/0`. Wins over VALKEY_HOST and VALKEY_PORT.",
    secret: true,
  }),
  valkeyHost: variable({
    names: ["VALKEY_HOST"],
    schema: text,
    default: undefined,
    group: "Data",
    description: "Host of the Valkey server, when VALKEY_URL is not set.",
  }),
  valkeyPort: variable({
    names: ["VALKEY_PORT"],
    schema: integer(1, 65_535),
    default: "6379",
    group: "Data",
    description: "Port of the Valkey server, when VALKEY_URL is not set.",
  }),
  valkeyCaFile: variable({
    names: ["VALKEY_CA_FILE"],
    schema: absolutePath,
    default: undefined,
    group: "Data",
    description: "PEM file of the authorities to trust with the certificate of a `rediss://` server.",
  }),
  logLevel: variable({
    names: ["MOSAIC_LOG_LEVEL"],
    schema: z.enum(["trace", "debug", "info", "warn", "error", "silent"]),
    default: "info",
    group: "Data",
    description: "Least severe log lines that are written.",
  }),
  adminToken: variable({
    names: ["MOSAIC_ADMIN_TOKEN"],
    schema: token,
    default: undefined,
    group: "Access",
    description:
      "The admin token, for automation. Without it one is made at the first start and kept in `cli-token` of the data folder.",
    secret: true,
  }),
  serviceToken: variable({
    names: ["MOSAIC_SERVICE_TOKEN"],
    schema: token,
    default: undefined,
    group: "Access",
    description:
      "Token the planes use among themselves when they run as separate processes; default MOSAIC_ADMIN_TOKEN.",
    secret: true,
  }),
  rateLimit: variable({
    names: ["MOSAIC_RATE_LIMIT"],
    schema: integer(1, 1_000_000),
    default: "600",
    group: "Access",
    description: "Requests a minute for one token.",
  }),
  bodyLimit: variable({
    names: ["MOSAIC_BODY_LIMIT_BYTES"],
    schema: integer(1024, 100_000_000),
    default: "1048576",
    group: "Access",
    description: "Largest request body, in bytes.",
  }),
} as const;
