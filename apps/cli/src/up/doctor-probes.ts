import { ConfigError, loadConfig, sandboxOptions } from "@mosaic/config";
import { chooseSandbox } from "@mosaic/sandbox";
import type { DoctorProbes } from "../commands/doctor.ts";
import { readServers } from "../db/place.ts";
import type { Check } from "../render/check-lines.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Every problem of the configuration in `env`. */
function configurationProblems(env: Environment): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** Runs the sandbox that `mosaic up` would choose with `env`. */
async function probeSandbox(env: Environment): Promise<Check> {
  const name = "sandbox";
  // An invalid configuration is reported by its own check; the sandbox that is looked at then is the default one.
  const isValid = configurationProblems(env).length === 0;
  const choice = await chooseSandbox(isValid ? sandboxOptions(loadConfig(env)) : { enabled: true });
  if (!choice.ok) return { name, outcome: "broken", detail: `${choice.problem}; ${choice.remedy}` };
  const detail = choice.warning ?? choice.detail;
  return { name, outcome: choice.warning === undefined ? "ok" : "warning", detail };
}

/** Looks at the servers that hold the installation, from here. */
async function probeServers(env: Environment): Promise<readonly Check[]> {
  if (configurationProblems(env).length > 0) return [];
  const servers = await readServers(env);
  if (servers === null) return [];
  const { lookAtServers } = await import("@mosaic/store/transfer");
  const findings = await lookAtServers(servers.place);
  return findings.map(({ about, outcome, detail }) => ({ name: about, outcome, detail }));
}

/** What `mosaic doctor` looks at with the planes' own means, when no server is up to be asked. */
export const doctorProbes: DoctorProbes = {
  configuration: configurationProblems,
  sandbox: probeSandbox,
  servers: probeServers,
};
