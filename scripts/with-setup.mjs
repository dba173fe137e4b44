#!/usr/bin/env node
// Runs on a bare machine: any Node >= 20, no packages installed yet. Sets up what is missing, then hands over to
// the pinned Node 24 with the script that was asked for.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const TARGETS = {
  demo: "apps/cli/src/demo/main.ts",
  test: "scripts/test.mjs",
  drill: "drills/main.ts",
  bench: "bench/main.ts",
  setup: null,
};
/** Debian's names; the sandbox needs bubblewrap and prlimit (util-linux). */
const SYSTEM_PACKAGES = ["bubblewrap", "git", "ca-certificates", "util-linux"];
const INSTALL = `apt-get install -y --no-install-recommends ${SYSTEM_PACKAGES.join(" ")}`;

const say = (text) => process.stderr.write(`${text}\n`);
const fail = (text) => {
  say(`setup: ${text}`);
  process.exit(1);
};
const works = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

function run(command, args, what) {
  const started = Date.now();
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  if (result.status !== 0) {
    say(`${result.stdout ?? ""}${result.stderr ?? ""}`.trim());
    fail(`${what} failed: ${command} ${args.join(" ")}${result.error ? ` (${result.error.message})` : ""}`);
  }
  say(`setup: ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

function checkNode() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) fail(`Node ${process.versions.node} is too old; Node 20 or newer is needed to start`);
  if (!works("git", ["--version"]))
    fail("git is missing; install it first (Debian/Ubuntu: apt-get install git)");
}

function installPackages() {
  const installed = join(root, "node_modules/.package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say("setup: installing npm packages (npm ci)");
  run("npm", ["ci", "--no-audit", "--no-fund"], "npm packages installed");
}

function installSandbox() {
  if (process.platform !== "linux" || works("bwrap", ["--version"])) return;
  const root_ = process.getuid?.() === 0;
  if (!root_ || !works("apt-get", ["--version"])) {
    const command = existsSync("/etc/debian_version")
      ? `sudo ${INSTALL}`
      : "install bubblewrap with your package manager";
    const message = `bubblewrap is missing; agents are not started without a sandbox. Run: ${command}`;
    if (process.env.CI) fail(message);
    say(`setup: ${message}`);
    return;
  }
  say(`setup: installing system packages as root: ${INSTALL}`);
  run("apt-get", ["update", "-q"], "package lists updated");
  run("apt-get", INSTALL.split(" ").slice(1), `system packages installed (${SYSTEM_PACKAGES.join(", ")})`);
}

function findNode24() {
  const bundled = join(root, "node_modules/.bin/node");
  if (works(bundled, ["--version"])) return bundled;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  return fail(
    "Node 24 is missing: its npm package did not install on this platform. Install Node 24 and run this again",
  );
}

const [target, ...rest] = process.argv.slice(2);
if (!Object.hasOwn(TARGETS, target))
  fail(`unknown target '${target}'; one of ${Object.keys(TARGETS).join(", ")}`);
checkNode();
installPackages();
installSandbox();
const node = findNode24();
run(node, [join(root, "apps/worker/build.mjs")], "agent worker bundled");

if (TARGETS[target] !== null) {
  const path = `${join(root, "node_modules/.bin")}:${process.env.PATH}`;
  const child = spawnSync(node, [join(root, TARGETS[target]), ...rest], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  process.exit(child.status ?? 1);
}
