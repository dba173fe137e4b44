import { ApiError, UnreachableError } from "@mosaic/client";
import { Readiness } from "@mosaic/contracts";
import { connectAnonymously, type Address } from "../connect/connection.ts";
import { readToken, TOKEN_FILE } from "../connect/token.ts";
import { CliError, EXIT } from "../exit.ts";
import { checkLines, type Check } from "../render/check-lines.ts";
import { count } from "../render/units.ts";
import type { CommandContext } from "./context.ts";
import { checkDataFolder, checkGit, checkNode } from "./local-checks.ts";

/** What only the composition of the planes can look at; see `up/`. */
export interface DoctorProbes {
  /** Every problem of the configuration; none is good. */
  configuration(env: Readonly<Record<string, string | undefined>>): readonly string[];
  /** Runs a sandbox on this machine. */
  sandbox(env: Readonly<Record<string, string | undefined>>): Promise<Check>;
  /** Valkey and PostgreSQL, where the configuration names them. */
  servers(env: Readonly<Record<string, string | undefined>>): Promise<readonly Check[]>;
}

/** `mosaic doctor`: looks at what Mosaic needs. Exit 1 when something is broken. */
export async function doctor(
  context: CommandContext,
  loadProbes: () => Promise<DoctorProbes>,
): Promise<void> {
  const { terminal, env, home, address } = context;
  const probes = await loadProbes();
  const server = await checkServer(context);
  const checks: Check[] = [
    checkNode(process.versions.node),
    await checkGit(env),
    ...configurationChecks(probes.configuration(env)),
    ...(await probes.servers(env)),
    await checkDataFolder(home),
    await checkToken(context),
    ...server.checks,
    ...(server.running ? [] : [await probes.sandbox(env)]),
  ];
  const broken = checks.filter((check) => check.outcome === "broken").length;
  if (terminal.json) terminal.jsonLine({ ok: broken === 0, url: address.url, home, checks });
  else terminal.lines(checkLines(checks, terminal.paint));
  if (broken > 0) throw new CliError(EXIT.failure, `${count(broken, "thing")} broken`);
  terminal.say("nothing is broken");
}

function configurationChecks(problems: readonly string[]): Check[] {
  if (problems.length === 0) {
    return [{ name: "configuration", outcome: "ok", detail: "the environment is a valid configuration" }];
  }
  return problems.map((detail) => ({ name: "configuration", outcome: "broken", detail }));
}

async function checkToken(context: CommandContext): Promise<Check> {
  const { address, home, env } = context;
  try {
    const token = await readToken({ fromEnv: env["MOSAIC_TOKEN"], home, url: address.url });
    if (token === null) {
      const detail = `none yet; \`mosaic up\` makes one in ${home}/${TOKEN_FILE}`;
      return { name: "token", outcome: "warning", detail };
    }
    return await tryToken(context);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { name: "token", outcome: "broken", detail: [error.message, ...error.hints].join(". ") };
  }
}

async function tryToken(context: CommandContext): Promise<Check> {
  const client = await context.connect();
  try {
    const meta = await client.call("meta", undefined, { signal: context.signal });
    return { name: "token", outcome: "ok", detail: `accepted by ${meta.name} ${meta.version}` };
  } catch (error) {
    if (error instanceof UnreachableError) {
      return { name: "token", outcome: "ok", detail: "there is one; the server is not up to try it" };
    }
    if (error instanceof ApiError) {
      return {
        name: "token",
        outcome: "broken",
        detail: `the server refuses it (${error.status}): ${error.message}`,
      };
    }
    throw error;
  }
}

async function checkServer(context: CommandContext): Promise<{ running: boolean; checks: Check[] }> {
  const { address, signal } = context;
  try {
    const ready = await connectAnonymously(address).call("ready", undefined, { signal });
    return { running: true, checks: readinessChecks(address, ready) };
  } catch (error) {
    if (error instanceof UnreachableError) return { running: false, checks: [notRunning(address, error)] };
    // 503 carries the same document: the server is up and says what is wrong with it.
    const answer = error instanceof ApiError ? Readiness.safeParse(error.body) : null;
    if (answer?.success === true) return { running: true, checks: readinessChecks(address, answer.data) };
    if (!(error instanceof Error)) throw error;
    const detail = `${address.url} does not answer like an orchestrator: ${error.message}`;
    return { running: false, checks: [{ name: "server", outcome: "broken", detail }] };
  }
}

/** Nobody at the default address is how it is before `mosaic up`; nobody at a chosen one is a fault. */
function notRunning(address: Address, error: UnreachableError): Check {
  return address.chosen
    ? { name: "server", outcome: "broken", detail: `${address.url} cannot be reached: ${error.message}` }
    : {
        name: "server",
        outcome: "warning",
        detail: `nothing runs at ${address.url}; \`mosaic up\` starts it`,
      };
}

function readinessChecks(address: Address, ready: Readiness): Check[] {
  const own: Check = { name: "server", outcome: "ok", detail: `${address.url} is up` };
  const parts = Object.entries(ready.checks).map(([name, health]): Check => {
    const outcome = !health.ok ? "broken" : health.warning === true ? "warning" : "ok";
    return { name: `server: ${name}`, outcome, detail: health.detail };
  });
  const warnings = ready.warnings
    .filter((detail) => parts.every((part) => part.detail !== detail))
    .map((detail): Check => ({ name: "server", outcome: "warning", detail }));
  return [own, ...parts, ...warnings];
}
