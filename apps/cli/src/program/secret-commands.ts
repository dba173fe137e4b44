import type { Command } from "commander";
import { type Act, examples } from "./act.ts";
import type { AllowFlags } from "../secrets/allow.ts";
import type { HookFlags } from "../secrets/install-hook.ts";
import type { ScanFlags } from "../secrets/scan.ts";

/** Looking for secrets. The scanner is loaded only when it is wanted: most commands do without its rules. */
export function addSecretCommands(program: Command, act: Act, self: readonly string[]): void {
  const secrets = program
    .command("secrets")
    .description("look for secrets, hold back commits that have some, let findings pass")
    .addHelpText(
      "before",
      examples("mosaic secrets scan", "mosaic secrets scan --staged", "mosaic secrets install-hook"),
    );
  secrets
    .command("scan [path]")
    .description("look for secrets in files, without a server; exit code 1 when there are some")
    .option("--staged", "what the next commit would record, instead of files on the disk")
    .option("--message", "the path is a file with a commit's message")
    .action(
      act(async (context, path: string | undefined, flags: ScanFlags) =>
        (await import("../secrets/scan.ts")).scan(context, path, flags),
      ),
    );
  secrets
    .command("install-hook [path]")
    .description("scan every commit of a repository before it is made")
    .option("--force", "put hooks of others aside")
    .action(
      act(async (context, path: string | undefined, flags: HookFlags) =>
        (await import("../secrets/install-hook.ts")).installHook(context, path, { flags, program: self }),
      ),
    );
  addAllowing(secrets, act);
}

function addAllowing(secrets: Command, act: Act): void {
  for (const verb of ["allow", "disallow"] as const) {
    secrets
      .command(`${verb} <fingerprint>`)
      .description(verb === "allow" ? "let a finding pass; audited" : "let a finding block again; audited")
      .requiredOption("--reason <text>", "why; kept in the audit log")
      .action(
        act(async (context, fingerprint: string, { reason }: AllowFlags) =>
          (await import("../secrets/allow.ts")).decide(context, verb, { fingerprint, reason }),
        ),
      );
  }
  secrets
    .command("list")
    .description("findings that do not block")
    .action(act(async (context) => (await import("../secrets/allow.ts")).listAllowed(context)));
}
