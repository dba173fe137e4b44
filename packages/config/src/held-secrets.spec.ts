import { expect, it } from "vitest";
import { heldSecrets } from "./held-secrets.ts";
import { loadConfig } from "./load.ts";

it("names the passwords of the servers as they are, not as a URL spells them", () => {
  const config = loadConfig({
    VALKEY_URL: "rediss://:p%40ss-word-1@cache:6379",
    DATABASE_URL: "postgres://mosaic:short@db/x",
    CLAUDE_API_KEY: "key-of-the-model",
  });
  expect(heldSecrets(config, "between-the-planes")).toEqual({
    apiKey: "key-of-the-model",
    adminToken: undefined,
    serviceToken: "between-the-planes",
    valkeyPassword: "p@ss-word-1",
    databasePassword: undefined,
  });
});
