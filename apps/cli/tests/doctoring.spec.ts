import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

let server: ScriptedOrchestrator | undefined;
let cli: CommandLine;

afterEach(async () => {
  cli.dispose();
  await server?.close();
  server = undefined;
});

async function withServer(broken: boolean): Promise<void> {
  server = await startScriptedOrchestrator({ broken, warnings: ["the model is scripted", "one file"] });
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
}

const linesOf = (text: string): string[] => text.trimEnd().split("\n");

describe("mosaic doctor", () => {
  it("looks at this machine and asks the server that is up, and says nothing twice", async () => {
    await withServer(false);
    const { code, stdout } = await cli.run(["doctor"]);
    expect(code).toBe(0);
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(/^ok +node +\d+\./),
      expect.stringMatching(/^ok +git +2\./),
      expect.stringMatching(/^ok +configuration /),
      expect.stringMatching(/^(?:ok|warning) +data folder .* free$/),
      expect.stringMatching(/^ok +token +accepted by scripted-orchestrator 9\.9\.9$/),
      expect.stringMatching(/^ok +server +http.* is up$/),
      expect.stringMatching(/^ok +server: store +one file$/),
      expect.stringMatching(/^ok +server: sandbox +bubblewrap 0\.8\.0$/),
      expect.stringMatching(/^warning +server +the model is scripted$/),
    ]);
  });

  it("exits 1 and says what is broken, all of it", async () => {
    await withServer(true);
    chmodSync(cli.home, 0o755);
    const env = { ORCHESTRATOR_PORT: "many", YOLO_MODE: "perhaps", MOSAIC_TOKEN: "wrong-token-wrong-token" };
    const { code, stdout, stderr } = await cli.run(["doctor"], env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^broken +configuration +ORCHESTRATOR_PORT: /m);
    expect(stdout).toMatch(/^broken +configuration +YOLO_MODE: /m);
    expect(stdout).toMatch(/^broken +data folder .*chmod 700/m);
    expect(stdout).toMatch(/^broken +token +the server refuses it \(401\)/m);
    expect(stdout).toMatch(/^broken +server: store +one file$/m);
    expect(stderr).toContain("5 things broken");
  });

  it("is one JSON object with --json", async () => {
    await withServer(true);
    const { code, stdout } = await cli.run(["doctor", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      url: server?.url,
      home: cli.home,
      checks: expect.arrayContaining([
        { name: "server: store", outcome: "broken", detail: "one file" },
      ]) as unknown,
    });
  });

  it("finds a git that is missing or too old", async () => {
    await withServer(false);
    expect((await cli.run(["doctor"], { PATH: "/nowhere" })).stdout).toMatch(
      /^broken +git +there is none on the PATH/m,
    );
    writeFileSync(join(cli.home, "git"), "#!/bin/sh\necho git version 2.30.2\n", { mode: 0o755 });
    expect((await cli.run(["doctor"], { PATH: cli.home })).stdout).toMatch(
      /^broken +git +2\.30\.2 is older than 2\.38/m,
    );
  });
});

describe("mosaic doctor without a server", () => {
  it("runs a sandbox itself, and does not call a machine broken on which nothing runs yet", async () => {
    cli = createCommandLine({ MOSAIC_HOME: "/nowhere/at/all", SANDBOX_ENABLED: "false" });
    const { code, stdout } = await cli.run(["doctor", "--url", "http://127.0.0.1:9"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^broken +server +http:\/\/127\.0\.0\.1:9 cannot be reached/m);
    expect(stdout).toMatch(/^warning +token +none yet/m);
    expect(stdout).toMatch(/^ok +data folder .*does not exist yet/m);
    expect(stdout).toMatch(/^warning +sandbox /m);
  });
});
