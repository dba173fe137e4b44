import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { collect } from "../collect.ts";
import { SandboxError, type Sandbox, type SandboxProbe, type SandboxSpec } from "../port.ts";
import { sandboxUser } from "./access.ts";
import { EngineError } from "./engine-error.ts";
import type { Engine } from "./engine.ts";

const PROBE_TIMEOUT_MS = 10_000;

/** Says who it is and what it may do, and passes on what it was given through a file of this host. */
const SCRIPT =
  "id -u; grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; cat /proc/net/route | wc -l; cat /probe/given > /probe/returned";

/** Anything else than this answer is a container that does not hold. */
const expected = (uid: number): string =>
  [
    String(uid),
    ...["CapEff", "CapBnd"].map((set) => `${set}:\t0000000000000000`),
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
    "1",
    "",
  ].join("\n");

/** Runs a real container with all settings, and says what holds here, or what to change. */
export async function probe(sandbox: Sandbox, engine: () => Promise<Engine>): Promise<SandboxProbe> {
  const folder = await mkdtemp(path.join(tmpdir(), "mosaic-probe-"));
  try {
    const problem = await whyNot(sandbox, folder);
    if (problem !== null) return { ok: false, detail: problem };
    const { ServerVersion, CgroupVersion } = await (await engine()).info();
    const { memory, processes, cpus } = await sandbox.heldLimits();
    const detail = [
      `${sandbox.name} ${ServerVersion} at ${(await engine()).socketPath}: a container each, no network, no capabilities`,
      `limits: memory by ${memory}, processes by ${processes}, processors by ${cpus} (cgroup v${CgroupVersion ?? "?"})`,
      "system call filter: yes",
    ];
    return { ok: true, detail: detail.join("; ") };
  } catch (error) {
    if (!(error instanceof SandboxError || error instanceof EngineError)) throw error;
    return { ok: false, detail: error.message };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Why what this adapter starts does not hold, or null. */
async function whyNot(sandbox: Sandbox, folder: string): Promise<string | null> {
  const word = randomUUID();
  await writeFile(path.join(folder, "given"), word);
  const started = await sandbox.start(probeSpec(folder));
  const run = await collect(started, { maxBytes: 65_536, timeoutMs: PROBE_TIMEOUT_MS });
  const { uid } = sandboxUser();
  const said = run.stdout.toString();
  if (run.code !== 0 || said !== expected(uid))
    return `${sandbox.name} ran a container that does not isolate, or not as this host's user: code ${String(run.code)}, said ${JSON.stringify(`${said}${run.stderr.toString()}`)}`;
  const returned = path.join(folder, "returned");
  const content = await readFile(returned, "utf8").catch(() => "");
  if (content !== word || (await stat(returned)).uid !== uid)
    return `${sandbox.name} does not show this host's files to its containers as they are: it runs on another machine, in a virtual machine, or with other user ids`;
  return null;
}

let probes = 0;

function probeSpec(folder: string): SandboxSpec {
  probes += 1;
  return {
    id: `probe-${String(probes)}`,
    label: "probe",
    command: ["/bin/sh", "-c", SCRIPT],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/tmp",
    mounts: [{ source: folder, target: "/probe", writable: true }],
    scratch: [],
    limits: {
      memoryMb: 64,
      fileBytes: 1_048_576,
      openFiles: 256,
      tmpBytes: 1_048_576,
      processes: 64,
      cpus: 1,
    },
  };
}
