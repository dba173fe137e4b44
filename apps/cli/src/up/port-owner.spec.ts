import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { portOwner } from "./port-owner.ts";

const LISTENER =
  "require('node:net').createServer().listen(0, function () { console.log(this.address().port) })";

describe("portOwner", () => {
  it.skipIf(process.platform !== "linux")(
    "names a program as its user does, without its arguments",
    async () => {
      const child = spawn(process.execPath, ["-e", LISTENER, "a-secret"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [printed] = (await once(child.stdout, "data")) as [Buffer];
      expect(await portOwner(Number(printed))).toEqual({ pid: child.pid, name: "node" });
      child.kill();
      await once(child, "exit");
    },
  );

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
