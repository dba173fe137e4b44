import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveRepository } from "./repository-policy.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mosaic-policy-"));
  for (const folder of ["allowed/repo", "allowed-not", "secret", "home/mirrors"]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await symlink(join(root, "secret"), join(root, "allowed/link"));
});
afterAll(() => rm(root, { recursive: true }));

const ask = (path: string, rights: { admin?: boolean; embedded?: boolean } = {}) =>
  resolveRepository({
    repository: path.startsWith("/") ? path : join(root, path),
    admin: rights.admin ?? false,
    embedded: rights.embedded ?? true,
    localRepositories: [join(root, "allowed")],
    home: join(root, "home"),
  });

describe("a local repository", () => {
  it("is open to anyone below the folders the owner named", async () => {
    await expect(ask("allowed/repo")).resolves.toMatchObject({
      kind: "local",
      url: join(root, "allowed/repo"),
    });
  });

  it.each(["secret", "allowed-not", "allowed/link", "does-not-exist"])(
    "is refused to others: %s",
    async (path) => {
      await expect(ask(path)).rejects.toMatchObject({ code: "repository_not_allowed" });
    },
  );

  it("may be anywhere for an admin of an embedded instance, and only there", async () => {
    await expect(ask("secret", { admin: true })).resolves.toMatchObject({ kind: "local" });
    await expect(ask("secret", { admin: true, embedded: false })).rejects.toMatchObject({
      code: "repository_not_allowed",
    });
  });

  it("is never inside the data folder, even for an admin", async () => {
    await expect(ask("home/mirrors", { admin: true })).rejects.toMatchObject({
      code: "repository_not_allowed",
    });
  });

  it("that is missing is told to those who may look", async () => {
    await expect(ask("nowhere", { admin: true })).rejects.toMatchObject({ code: "repository_unreachable" });
  });
});

it("names the code of a form that is refused", async () => {
  await expect(
    resolveRepository({
      repository: "ext::sh",
      admin: true,
      embedded: true,
      localRepositories: [],
      home: root,
    }),
  ).rejects.toMatchObject({ code: "repository_scheme_refused" });
});
