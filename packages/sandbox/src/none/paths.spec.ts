import { describe, expect, it } from "vitest";
import type { SandboxSpec } from "../port.ts";
import { pathMap, translate } from "./paths.ts";

const SPEC: SandboxSpec = {
  id: "paths",
  label: "paths",
  command: ["true"],
  env: {},
  cwd: "/tree",
  mounts: [
    { source: "/srv/deps", target: "/tree/node_modules", writable: false },
    { source: "/srv/tree", target: "/tree", writable: true },
    { source: "/srv/node", target: "/opt/mosaic/bin/node", writable: false },
  ],
  scratch: ["/tree/.cache"],
  limits: { memoryMb: 1, fileBytes: 1, openFiles: 1, tmpBytes: 1, processes: 256, cpus: 1 },
};
const map = pathMap(SPEC, "/own");

describe("a path of the inside", () => {
  it.each([
    ["/tree", "/srv/tree"],
    ["/tree/a/b", "/srv/tree/a/b"],
    ["/tree/node_modules/x", "/srv/deps/x"],
    ["/tree/.cache/y", "/own/.scratch/tree/.cache/y"],
    ["/tmp/z", "/own/tmp/z"],
    ["/home/mosaic", "/own/home/mosaic"],
    ["/opt/mosaic/bin", "/own/opt/mosaic/bin"],
    ["/usr/bin/git", "/usr/bin/git"],
    ["/treetop", "/treetop"],
    ["/", "/"],
  ])("%s is %s on the host", (inside, host) => {
    expect(map.resolve(inside)).toBe(host);
  });

  it.each([
    ["--git-dir=/tree/.git", "--git-dir=/srv/tree/.git"],
    ["/opt/mosaic/bin:/usr/bin:/tree/bin", "/own/opt/mosaic/bin:/usr/bin:/srv/tree/bin"],
    ["file:///tree", "file:///tree"],
    ["http://tree/tree", "http://tree/tree"],
    ["cd /tree && ls", "cd /tree && ls"],
    ["/tree/../etc", "/tree/../etc"],
    ["key=/tree", "key=/tree"],
    ["", ""],
  ])("in the value %j becomes %j", (value, translated) => {
    expect(translate(map, value)).toBe(translated);
  });
});
