import type { Conflict, ConflictFile, ConflictSide } from "../git/port.ts";
import type { Rejection } from "./rejection.ts";

/** What an agent is shown of one file, and of all; the rest is in its tree. Characters. */
const FILE_CHARACTERS = 6000;
const ALL_CHARACTERS = 40_000;
/** Files that one sentence names. */
const NAMED = 20;

const REMAINS: Readonly<Record<ConflictFile["inTree"], string>> = {
  both: "the file holds both versions, between markers",
  head: "the file holds the branch's version; yours is not in it",
  work: "the file holds your version; the branch's is not in it",
  nothing: "there is no such file now",
};

/** A conflict as something the agent can resolve: which files, what kind, and both sides of each. */
export function conflictRejection(conflict: Conflict, baseBranch: string): Rejection {
  const { files, head, commit } = conflict;
  const names = files.slice(0, NAMED).map(({ path }) => path);
  const more = files.length > names.length ? ` and ${files.length - names.length} more` : "";
  return {
    reason: "conflict",
    what: `it conflicts with what the branch ${baseBranch} has become, in ${names.join(", ")}${more}`,
    note: [
      `Somebody else changed ${baseBranch} while you worked. Your files were replaced by a merge of your work with it, so read them again before you edit.`,
      `Where both sides changed the same lines, what is between \`<<<<<<<\` and \`=======\` is from ${baseBranch}, what is between \`=======\` and \`>>>>>>>\` is yours.`,
      "Resolve every conflict so that the purpose of both changes is kept, remove all markers, and see that everything still works together.",
    ].join("\n"),
    details: capped(files.map((file) => section(file, baseBranch))),
    evidence: { head, commit, files: files.map(({ path, kind, note }) => ({ path, kind, note })) },
  };
}

function section(file: ConflictFile, baseBranch: string): string {
  const lines = [
    `file ${JSON.stringify(file.path)}: ${file.kind}; ${REMAINS[file.inTree]}`,
    ...(file.note === "" ? [] : [file.note]),
  ];
  if (file.hunks !== null) lines.push(cut(file.hunks, FILE_CHARACTERS));
  if (file.sides !== null) {
    lines.push(`${baseBranch} has: ${side(file.sides.head)}`, `you have: ${side(file.sides.work)}`);
  }
  return lines.join("\n");
}

function side(version: ConflictSide | null): string {
  if (version === null) return "no such file";
  const kind =
    version.mode === "120000" ? "a link to" : version.mode === "100755" ? "an executable" : "a file";
  return version.text === null
    ? `${kind} that is not text (mode ${version.mode})`
    : `${kind} (mode ${version.mode})\n${version.text}`;
}

function capped(sections: readonly string[]): string {
  const shown: string[] = [];
  let room = ALL_CHARACTERS;
  for (const [index, text] of sections.entries()) {
    if (text.length > room) {
      shown.push(`… ${sections.length - index} more files are not shown here`);
      break;
    }
    shown.push(text);
    room -= text.length;
  }
  return shown.join("\n\n");
}

const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}\n… (more in the file)`;
