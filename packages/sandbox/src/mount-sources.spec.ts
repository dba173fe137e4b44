import { describe, expect, it } from "vitest";
import { whyProtected } from "./mount-sources.ts";

const HOMES = ["/home/ada", "/root", "/"];

describe("a mount source", () => {
  it.each([
    "/",
    "/proc/1",
    "/sys",
    "/dev/shm",
    "/etc",
    "/run",
    "/var/run/docker.sock",
    "/home",
    "/home/ada",
    "/root",
  ])("is refused when it gives away the host: %s", (source) => {
    expect(whyProtected(source, HOMES)).not.toBeNull();
  });

  it.each([
    ".ssh",
    ".ssh/id_ed25519",
    ".config",
    ".config/gh",
    ".cargo",
    ".aws",
    ".npmrc",
    ".docker",
    ".claude",
  ])("is refused when it is, holds or lies in credentials: ~/%s", (name) => {
    expect(whyProtected(`/home/ada/${name}`, HOMES)).toContain("credentials");
  });

  it.each([
    "/home/ada/.mosaic/agents/7/tree",
    "/home/ada/.cargo/bin",
    "/home/ada/.pyenv/versions/3.11.7",
    "/srv/data",
    "/tmp/x",
  ])("is accepted elsewhere: %s", (source) => {
    expect(whyProtected(source, HOMES)).toBeNull();
  });

  it("is not taken for a home folder because its name begins alike", () => {
    expect(whyProtected("/home/ada-data", HOMES)).toBeNull();
  });
});
