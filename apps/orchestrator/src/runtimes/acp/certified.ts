import { fileURLToPath } from "node:url";
import type { Subject } from "../conformance/subject.ts";
import { readRuntimesFile, type AcpConfig } from "../configured/read-file.ts";
import { createAcpRuntime } from "./create-acp-runtime.ts";

const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));
const FOLDER = "/opt/mosaic-runtimes/";

/** The entry `name` of the example file, with the folders in which the set-up of this repository installs agents. */
export async function certified(name: string): Promise<AcpConfig> {
  const entries = await readRuntimesFile(`${ROOT}runtimes/runtimes.example.json`, () => null);
  const config = entries.find(([candidate]) => candidate === name)?.[1];
  if (config?.kind !== "acp") throw new Error(`the example has no acp runtime '${name}'`);
  const platform = `linux-${process.arch}`;
  const folders = config.folders.map(({ from, to }) => ({
    from: from
      .replace(FOLDER, `${ROOT}.runtimes/`)
      .replace("opencode-linux-x64-baseline", process.arch === "x64" ? "$&" : `opencode-${platform}`)
      .replace("sdk-linux-x64", `sdk-${platform}`),
    to,
  }));
  return { ...config, folders };
}

/** An agent of somebody else, in its released version, configured as the example file has it. */
export function certifiedAgent(name: string, choices: Pick<Subject, "asksMore"> = {}): Subject {
  return {
    name,
    metered: true,
    hasProtocol: true,
    isReadyFirst: true,
    // How a program of this protocol may fail is tried with one of our own.
    canBreak: false,
    isSlow: true,
    ...choices,
    async runtime(_part, stage) {
      return createAcpRuntime({
        name,
        nodePath: process.execPath,
        output: { lineBytes: 4_000_000, totalBytes: 100_000_000 },
        ...stage,
        config: await certified(name),
      });
    },
  };
}
