#!/usr/bin/env node
// Runs on a bare machine: any Node >= 20, no packages installed yet. Sets up what is missing, then hands over to
// the pinned Node 24 with the script that was asked for.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const TARGETS = {
  demo: "apps/cli/src/demo/main.ts",
  test: "scripts/test.mjs",
  drill: "drills/main.ts",
  bench: "bench/main.ts",
  load: "load/main.ts",
  setup: null,
};
const TARGETS_WITH_DOCKER = new Set(["test", "drill", "bench", "setup"]);
const TARGETS_WITH_PODMAN = new Set(["test", "setup"]);
const TARGETS_WITH_SERVERS = new Set(["test", "drill", "bench", "load", "setup"]);
/** They run agents of others, as users may install them. */
const TARGETS_WITH_RUNTIMES = new Set(["test", "drill"]);
/** Debian's names; the sandbox needs bubblewrap and prlimit (util-linux). */
const SANDBOX = {
  what: "bubblewrap is missing; agents are not started without a sandbox",
  packages: ["bubblewrap", "git", "ca-certificates", "util-linux"],
  isThere: () => works("bwrap", ["--version"]),
};
/** Many orchestrators share these two; the suites start their own on free ports, and use none that runs already. */
const VALKEY = {
  what: "Valkey (or Redis) is missing; what many hosts share is tested on real servers",
  packages: ["redis-server"],
  isThere: () => ["valkey-server", "redis-server"].some((name) => works(name, ["--version"])),
};
/** The suites start engines of their own in temporary folders, and use none that runs already. */
const DOCKER = {
  what: "Docker is missing; its sandboxes are tested on a real engine",
  packages: ["docker.io", "iptables"],
  isThere: () => works("dockerd", ["--version"]),
};
/** After Docker, whose runtime it uses, too. Named here: an init, and the smallest of the networks one of which it wants. */
const PODMAN = {
  what: "Podman is missing; its sandboxes are tested on a real engine",
  packages: ["podman", "catatonit", "netavark"],
  isThere: () => works("podman", ["--version"]) && works("catatonit", ["--version"]),
};
const POSTGRES_HOMES = "/usr/lib/postgresql";
const POSTGRES = {
  what: "PostgreSQL is missing; what many hosts share is tested on real servers",
  packages: ["postgresql"],
  isThere: () =>
    works("initdb", ["--version"]) ||
    (existsSync(POSTGRES_HOMES) &&
      readdirSync(POSTGRES_HOMES).some((version) => existsSync(join(POSTGRES_HOMES, version, "bin/initdb")))),
};

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

/** Agents of others, each as its lockfile in `runtimes/` has it. Nothing of ours needs them but the suites that run them. */
async function installRuntimes() {
  const folders = readdirSync(join(root, "runtimes"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, from: join(root, "runtimes", name), to: join(root, ".runtimes", name) }))
    .filter(({ from, to }) => !isInstalled(from, to));
  const started = Date.now();
  const failed = (await Promise.all(folders.map(installRuntime))).filter((why) => why !== null);
  if (failed.length > 0) fail(failed.join("\n"));
  if (folders.length === 0) return;
  const names = folders.map(({ name }) => name).join(", ");
  say(`setup: runtimes installed: ${names} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

function isInstalled(from, to) {
  const lock = "package-lock.json";
  if (!existsSync(join(to, "node_modules/.package-lock.json")) || !existsSync(join(to, lock))) return false;
  return readFileSync(join(from, lock)).equals(readFileSync(join(to, lock)));
}

/** Answers with what went wrong, or null. */
function installRuntime({ name, from, to }) {
  cpSync(from, to, { recursive: true });
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: to,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(data));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`runtime ${name}: npm ci failed: ${error.message}`));
    child.once("close", (code) => {
      resolve(code === 0 ? null : `runtime ${name}: npm ci failed:\n${Buffer.concat(output).toString()}`);
    });
  });
}

function installSystem({ what, packages, isThere }) {
  if (process.platform !== "linux" || isThere()) return;
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  const root_ = process.getuid?.() === 0;
  if (!root_ || !works("apt-get", ["--version"])) {
    const command = existsSync("/etc/debian_version")
      ? `sudo ${install}`
      : `install the like of ${packages.join(", ")} with your package manager`;
    const message = `${what}. Run: ${command}`;
    if (process.env.CI) fail(message);
    say(`setup: ${message}`);
    return;
  }
  say(`setup: installing system packages as root: ${install}`);
  run("apt-get", ["update", "-q"], "package lists updated");
  withoutServices(() =>
    run("apt-get", install.split(" ").slice(1), `system packages installed (${packages.join(", ")})`),
  );
}

/** PostgreSQL refuses to be root; its package makes this user, but where the users were replaced it is gone. */
function addPostgresUser() {
  const missing =
    process.platform === "linux" && process.getuid?.() === 0 && !works("id", ["-u", "postgres"]);
  if (missing) run("useradd", ["--system", "--no-create-home", "postgres"], "user postgres added");
}

/** Debian starts the services it installs, unless this file says no (invoke-rc.d(8)); nobody asked for a server here. */
function withoutServices(action) {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return action();
  const remove = () => rmSync(policy, { force: true });
  // A failure ends this process at once.
  process.once("exit", remove);
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  action();
  remove();
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
installSystem(SANDBOX);
if (TARGETS_WITH_SERVERS.has(target)) {
  [VALKEY, POSTGRES].forEach(installSystem);
  addPostgresUser();
}
if (TARGETS_WITH_DOCKER.has(target)) installSystem(DOCKER);
if (TARGETS_WITH_PODMAN.has(target)) installSystem(PODMAN);
if (TARGETS_WITH_RUNTIMES.has(target)) await installRuntimes();
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
