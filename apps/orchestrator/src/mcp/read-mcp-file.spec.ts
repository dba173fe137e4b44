import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readMcpFile } from "./read-mcp-file.ts";

let folder = "";
let file = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcp-"));
  file = join(folder, "mcp.json");
});

afterEach(() => rm(folder, { recursive: true }));

const write = (servers: unknown, mode = 0o600) =>
  writeFile(file, JSON.stringify({ servers }), { mode }).then(() => chmod(file, mode));

describe("the owner's MCP servers", () => {
  it("are none without a file", async () => {
    expect(await readMcpFile(undefined)).toEqual({ servers: [], secrets: [] });
  });

  it("have a command, an environment, folders, and agents that get them", async () => {
    const target = "/opt/mosaic/mcp/docs";
    await write({
      docs: {
        command: "node",
        args: [`${target}/server.mjs`],
        env: { LANGUAGE: "en-GB-x-very-long" },
        folders: [{ source: "/srv/docs", target }],
        agentTypes: ["reviewer"],
      },
    });
    expect(await readMcpFile(file)).toEqual({
      servers: [
        {
          name: "docs",
          command: ["node", `${target}/server.mjs`],
          env: { LANGUAGE: "en-GB-x-very-long" },
          mounts: [{ source: "/srv/docs", target, writable: false }],
          agentTypes: ["reviewer"],
        },
      ],
      secrets: [],
    });
  });

  it("have secrets where the owner says so, and where a variable's name does", async () => {
    await write({
      tickets: {
        command: "x",
        env: { API_TOKEN: "abcdefgh-1", MODE: "production" },
        secrets: { ID: "ijklmnop-2" },
      },
    });
    const { servers, secrets } = await readMcpFile(file);
    expect(secrets).toEqual([
      { name: "mcp-tickets-api_token", value: "abcdefgh-1" },
      { name: "mcp-tickets-id", value: "ijklmnop-2" },
    ]);
    expect(servers[0]?.env).toEqual({ API_TOKEN: "abcdefgh-1", MODE: "production", ID: "ijklmnop-2" });
  });

  it("are not read from a file that others can read, when there are secrets in it", async () => {
    await write({ tickets: { command: "x", secrets: { ID: "ijklmnop-2" } } }, 0o644);
    await expect(readMcpFile(file)).rejects.toThrow("chmod 600");
  });

  it.each([
    ["a misspelt key", { x: { command: "x", arguments: [] } }],
    ["a name that is none", { "../x": { command: "x" } }],
    ["no command", { x: { args: [] } }],
    ["a folder over the system's", { x: { command: "x", folders: [{ source: "/srv", target: "/usr" }] } }],
    [
      "a folder over ours",
      { x: { command: "x", folders: [{ source: "/srv", target: "/opt/mosaic/node" }] } },
    ],
    [
      "a way out of its place",
      { x: { command: "x", folders: [{ source: "/", target: "/opt/mosaic/mcp/../x" }] } },
    ],
    ["a relative source", { x: { command: "x", folders: [{ source: "srv", target: "/opt/mosaic/mcp/x" }] } }],
  ])("are refused with %s", async (_what, servers) => {
    await write(servers);
    await expect(readMcpFile(file)).rejects.toThrow(`MOSAIC_MCP_FILE: ${file} cannot be used`);
  });

  it("are refused when the file is missing or no JSON", async () => {
    await expect(readMcpFile(file)).rejects.toThrow("ENOENT");
    await writeFile(file, "{");
    await expect(readMcpFile(file)).rejects.toThrow("cannot be used");
  });
});
