import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import {
  createFileScanner,
  createGitSecretsRules,
  type FileScanner,
  type Finding,
  type GitSecretsRules,
  PatternError,
} from "@mosaic/secrets";
import type { CommandContext } from "../commands/context.ts";
import { CliError, EXIT, usageError } from "../exit.ts";
import { count } from "../render/units.ts";
import { cleanLine } from "../terminal/clean.ts";
import { createGit, findTop, type PersonsGit, requireTop } from "./git.ts";
import { readIdentity } from "./identity.ts";
import {
  type Candidate,
  folderFiles,
  MAX_FILE_BYTES,
  onDisk,
  repositoryFiles,
  stagedFiles,
} from "./list-files.ts";

export interface ScanFlags {
  /** What the next commit would record. */
  readonly staged?: boolean;
  /** The path is a file with a commit's message. */
  readonly message?: boolean;
}

/**
 * `mosaic secrets scan`: looks for secrets without a server. Exit 0 when there is none, 1 with findings, 2 when the
 * command line or git's configuration is wrong.
 */
export async function scan(
  context: CommandContext,
  path: string | undefined,
  flags: ScanFlags,
): Promise<void> {
  const { terminal } = context;
  const target = resolve(context.cwd, path ?? ".");
  const facts = await stat(target).catch(() => null);
  if (facts === null) throw usageError(`there is no ${target}`);
  if (flags.message === true && !facts.isFile())
    throw usageError("--message needs the file with the message");
  const folder = facts.isDirectory() ? target : dirname(target);
  const git = createGit(folder, context.env);
  const candidates = await candidatesOf(git, { target, folder, isFile: facts.isFile(), flags });
  const rules = await readRules(git);
  const scanner = createFileScanner({ ...(await readIdentity(context)), maxFileBytes: MAX_FILE_BYTES });
  try {
    const findings = await scanAll(context, candidates, {
      scanner,
      rules,
      isMessage: flags.message === true,
    });
    if (terminal.json) terminal.jsonLine({ files: candidates.length, findings });
    else terminal.lines(findings.map((finding) => lineOf(finding)));
    if (findings.length > 0) throw foundSome(findings.length);
    terminal.say(`no secrets in ${count(candidates.length, "file")}`);
  } finally {
    await scanner.close();
  }
}

interface Place {
  readonly target: string;
  readonly folder: string;
  readonly isFile: boolean;
  readonly flags: ScanFlags;
}

async function candidatesOf(git: PersonsGit, place: Place): Promise<readonly Candidate[]> {
  const { target, folder, isFile, flags } = place;
  if (flags.staged === true) {
    if (isFile) throw usageError("--staged needs a folder of a git repository");
    // Paths of a diff are those of the top folder.
    await requireTop(git, folder);
    return await stagedFiles(git);
  }
  if (isFile) return [onDisk(folder, basename(target))];
  return (await findTop(git)) === null ? await folderFiles(folder) : await repositoryFiles(git, folder);
}

/** What people told git-secrets counts here, too. It is git's configuration of this machine, not of the repository. */
async function readRules(git: PersonsGit): Promise<GitSecretsRules> {
  const [patterns, allowed] = await Promise.all([
    git.configured("secrets.patterns"),
    git.configured("secrets.allowed"),
  ]);
  try {
    return createGitSecretsRules({ patterns, allowed });
  } catch (error) {
    if (error instanceof PatternError) throw usageError(error.message);
    throw error;
  }
}

interface Scanning {
  readonly scanner: FileScanner;
  readonly rules: GitSecretsRules;
  readonly isMessage: boolean;
}

async function scanAll(
  context: CommandContext,
  candidates: readonly Candidate[],
  scanning: Scanning,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const candidate of candidates) {
    context.signal.throwIfAborted();
    const { path, content } = await candidate.read();
    const looked = scanning.isMessage && content !== null ? withoutComments(content) : content;
    findings.push(...(await scanOne(path, looked, scanning)));
  }
  return findings;
}

async function scanOne(
  path: string,
  content: Buffer | null,
  { scanner, rules, isMessage }: Scanning,
): Promise<readonly Finding[]> {
  // A message is no file: its name says nothing.
  const found = await scanner.scan({ path: isMessage ? "message" : path, content });
  const named = await scanner.scan({ path: "", content: Buffer.from(path) });
  const text = content?.toString("latin1") ?? "";
  const lines = text.split("\n");
  const prohibited = rules
    .prohibitedLines(text)
    .map((line): Finding => ({ rule: "git-secrets", path, line, fingerprint: "" }));
  const isAllowed = ({ rule, line }: Finding): boolean =>
    line !== null && !rule.startsWith("known:") && rules.isAllowed(path, line, lines[line - 1] ?? "");
  return [
    ...named.map((finding) => ({ ...finding, path: "(a file's name)", line: null })),
    ...[...found.map((finding) => ({ ...finding, path })), ...prohibited].filter(
      (finding) => !isAllowed(finding),
    ),
  ];
}

/** What git itself leaves out of a message: comments, and everything below the scissors of `commit -v`. */
function withoutComments(content: Buffer): Buffer {
  const lines = content.toString("latin1").split("\n");
  const end = lines.findIndex((line) => /^# -+ >8 -+/.test(line));
  const kept = lines
    .slice(0, end === -1 ? lines.length : end)
    .map((line) => (line.startsWith("#") ? "" : line));
  return Buffer.from(kept.join("\n"), "latin1");
}

function lineOf({ path, line, rule, fingerprint }: Finding): string {
  const place = cleanLine(line === null ? path : `${path}:${line}`);
  return fingerprint === "" ? `${place}  ${rule}` : `${place}  ${rule}  (${fingerprint})`;
}

function foundSome(number: number): CliError {
  return new CliError(EXIT.failure, `${count(number, "secret")} found`, {
    hints: [
      "Take it out, and replace the credential if it was ever real: others may have seen it.",
      "A false alarm on this machine: git config --add secrets.allowed '<regular expression>'",
    ],
  });
}
