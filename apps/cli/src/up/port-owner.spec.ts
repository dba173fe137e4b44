import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { portOwner } from "./port-owner.ts";

describe("portOwner", () => {
  it.skipIf(process.platform !== "linux")(
    "finds the process that listens, on either address family",
    async () => {
      for (const host of ["127.0.0.1", "::1"]) {
        const server = createServer().listen(0, host);
        await new Promise((resolve) => void server.once("listening", resolve));
        const { port } = server.address() as AddressInfo;
        expect(await portOwner(port)).toMatchObject({ pid: process.pid });
        await new Promise((resolve) => void server.close(resolve));
        expect(await portOwner(port)).toBeNull();
      }
    },
  );
});
