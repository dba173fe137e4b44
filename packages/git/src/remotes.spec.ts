import {
  createGitFixture,
  processesMentioning,
  startGitHttpsServer,
  type GitFixture,
  type GitHttpsServer,
  type GitHttpsServerOptions,
} from "@mosaic/testing";
import { parseRepository, type Repository } from "@mosaic/domain";
import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRemotes, type RemotesOptions } from "./remotes.ts";
import { createGit, type Git } from "./run.ts";

const HOST = "git.example";
let fixture: GitFixture;
let git: Git;
let repository: string;
let server: GitHttpsServer | undefined;

beforeEach(async () => {
  fixture = await createGitFixture();
  await mkdir(join(fixture.folder, "home"));
  git = createGit({ home: join(fixture.folder, "home") });
  repository = basename(await fixture.remote({ "a.txt": "a\n" }));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await fixture.dispose();
});

async function serve(options: Partial<GitHttpsServerOptions> = {}): Promise<GitHttpsServer> {
  server = await startGitHttpsServer({ folder: fixture.folder, host: HOST, ...options });
  return server;
}

const parse = (url: string): Repository => parseRepository(url) as Repository;

async function listRemote(
  url: string,
  options: Partial<RemotesOptions> = {},
  signal?: AbortSignal,
): Promise<string> {
  const lookup = () => Promise.resolve(["127.0.0.1"]);
  const caFile = server?.caFile;
  const defaults = { allowPrivate: true, lookup, ...(caFile === undefined ? {} : { caFile }) };
  const remote = await createRemotes({ ...defaults, ...options }).open(parse(url));
  const call = { command: "ls-remote", values: [remote.url], remote } as const;
  return (await git.run(signal === undefined ? call : { ...call, signal })).stdout.toString();
}

async function tokenFile(text: string, mode = 0o600): Promise<string> {
  const path = join(fixture.folder, "it's a token");
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe("https remotes", () => {
  it("are reached at the address that was checked, whatever the name resolves to later", async () => {
    const { url } = await serve();
    // The name does not exist: only the pinned address can have led here.
    expect(await listRemote(url(repository))).toContain("refs/heads/main");
  });

  it("are refused at private addresses before anything connects", async () => {
    const { url, requests } = await serve();
    await expect(listRemote(url(repository), { allowPrivate: false })).rejects.toThrow(
      /not a public address/,
    );
    expect(requests).toEqual([]);
  });

  it("may not redirect, least of all to another host", async () => {
    const inner = await startGitHttpsServer({ folder: fixture.folder, host: HOST });
    const target = inner.url(repository);
    const { url } = await serve({
      intercept: (request, response) => {
        response.writeHead(302, { location: `${target}${request.url?.replace(/^\/[^/]*/, "") ?? ""}` }).end();
        return true;
      },
    });
    await expect(listRemote(url(repository))).rejects.toThrow(/redirect|302/i);
    expect(inner.requests).toEqual([]);
    await inner.close();
  });

  it("need a certificate that is trusted", async () => {
    const { url } = await serve();
    await expect(
      listRemote(url(repository), { caFile: "/etc/ssl/certs/ca-certificates.crt" }),
    ).rejects.toThrow(/certificate/);
  });

  it("log in with the token of a file that nobody else may read, without showing it to anyone", async () => {
    const seen: string[] = [];
    const { url } = await serve({
      password: "s3cret-token-91",
      intercept: () => {
        // While git and its helper run: nothing on this machine carries the token where others can read it.
        seen.push(...runningCommandLines());
        return false;
      },
    });
    const credentials = [
      { host: HOST, username: "x-access-token", tokenFile: await tokenFile("s3cret-token-91\n") },
    ];
    expect(await listRemote(url(repository), { credentials })).toContain("refs/heads/main");
    expect(seen.some((text) => text.includes("ls-remote"))).toBe(true);
    expect(seen.filter((text) => text.includes("s3cret-token-91"))).toEqual([]);
  });

  it("give a token to no other host", async () => {
    const { url, requests } = await serve({ password: "s3cret-token-92" });
    const credentials = [
      { host: "other.example", username: "x", tokenFile: await tokenFile("s3cret-token-92\n") },
    ];
    await expect(listRemote(url(repository), { credentials })).rejects.toThrow(/could not read Username/);
    expect(requests).toHaveLength(1);
  });

  it("fail at once without credentials instead of asking, and with a wrong one", async () => {
    const { url } = await serve({ password: "right" });
    await expect(listRemote(url(repository))).rejects.toThrow(/could not read Username/);
    const credentials = [{ host: HOST, username: "x", tokenFile: await tokenFile("wrong-token-93\n") }];
    await expect(listRemote(url(repository), { credentials })).rejects.toThrow(/Authentication failed/);
  });

  it("refuse a credential file that others may read, or that is missing", async () => {
    const open = { credentials: [{ host: HOST, username: "x", tokenFile: await tokenFile("t", 0o644) }] };
    await expect(listRemote(`https://${HOST}/x`, open)).rejects.toThrow(/chmod 600/);
    const missing = { credentials: [{ host: HOST, username: "x", tokenFile: "/nonexistent" }] };
    await expect(listRemote(`https://${HOST}/x`, missing)).rejects.toThrow(/mode 0600/);
  });

  it("that hang are killed with every helper", async () => {
    const controller = new AbortController();
    const silent = createServer(() => controller.abort(new Error("enough")));
    await new Promise<void>((resolve) => {
      silent.listen(0, "127.0.0.1", resolve);
    });
    const { port } = silent.address() as AddressInfo;
    const call = listRemote(`https://${HOST}:${port}/hang-95.git`, {}, controller.signal);
    await expect(call).rejects.toThrow("enough");
    expect(await processesMentioning(`${port}/hang-95.git`)).toEqual([]);
    await new Promise((resolve) => {
      silent.close(resolve);
    });
  });
});

describe("ssh remotes", () => {
  it("are asked without prompts, user configuration or unknown host keys, at the checked address", async () => {
    const record = join(fixture.folder, "ssh arguments");
    const binary = join(fixture.folder, "fake ssh");
    await writeFile(binary, `#!/bin/sh\nprintf '%s\\n' "$@" > '${record}'\nexit 1\n`);
    await chmod(binary, 0o755);
    const ssh = { binary, knownHostsFile: "/etc/known hosts", identityFile: await tokenFile("key") };
    const lookup = () => Promise.resolve(["203.0.113.9"]);
    await expect(
      listRemote("ssh://git@code.example/team/x.git", { ssh, lookup, allowPrivate: false }),
    ).rejects.toThrow(/Could not read from remote repository/);
    const args = (await readFile(record, "utf8")).split("\n");
    for (const setting of [
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      "UserKnownHostsFile=/etc/known hosts",
      "HostName=203.0.113.9",
      "HostKeyAlias=code.example",
      "IdentitiesOnly=yes",
      "git@code.example",
    ]) {
      expect(args).toContain(setting);
    }
  });
});

describe("local remotes", () => {
  it("are the path and the file protocol, nothing else", async () => {
    const remotes = createRemotes({ allowPrivate: false });
    expect(await remotes.open(parse("/srv/x.git"))).toEqual({
      url: "/srv/x.git",
      receivePack: expect.stringMatching(/^git .* receive-pack$/),
      protocol: "file",
      config: [],
      env: {},
    });
  });

  it("are checked again even when somebody made the repository by hand", async () => {
    const remotes = createRemotes({ allowPrivate: true });
    for (const url of ["ext::sh -c id", "--upload-pack=x", "https://u:p@host/x", "https://127.0.0.1/x"]) {
      await expect(remotes.open({ kind: "https", url, host: "x" })).rejects.toThrow(/refused/);
    }
  });
});

function runningCommandLines(): string[] {
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  const ids = execFileSync("ls", ["/proc"])
    .toString()
    .split("\n")
    .filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    try {
      return [readFileSync(`/proc/${id}/cmdline`, "utf8"), readFileSync(`/proc/${id}/environ`, "utf8")];
    } catch {
      return [];
    }
  });
}
