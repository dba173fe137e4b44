import { type AttackCase, pathsOf, refused, reported } from "./attack-case.ts";
import type { Canary } from "./canary.ts";
import type { Played } from "./range.ts";

// In a script `$P` is a program of the host, `$S` a file and `$D` a folder of it, `$PORT` a listener; none is there inside.

const missing = (played: Played, paths: readonly string[]): readonly string[] =>
  paths.filter((path) => !pathsOf(played).includes(path)).map((path) => `${path} was not pushed`);
const ofMode = (pushed: readonly string[], mode: string): readonly string[] =>
  pushed.filter((entry) => entry.startsWith(mode));
const counted = (what: string, found: readonly string[], wanted: number): readonly string[] =>
  found.length === wanted ? [] : [`${found.length} ${what} instead of ${wanted}: ${found.join(", ")}`];

/** The names that the scripts use, for one canary. */
export function canaryNames(canary: Canary): string {
  return `P=${canary.payload} S=${canary.secretFile} D=${canary.folder} PORT=${canary.port}\n`;
}

const EVIL_CONFIG = `
  git config core.fsmonitor "$P"; git config core.hooksPath /tree/.husky; git config core.sshCommand "$P"
  git config core.pager "$P"; git config core.editor "$P"; git config core.askPass "$P"; git config credential.helper "$P"
  git config diff.external "$P"; git config gpg.program "$P"; git config commit.gpgSign true; git config alias.status "!$P"
  git config core.gitProxy "$P"; git config core.alternateRefsCommand "$P"; git config uploadpack.packObjectsHook "$P"
  for way in clean smudge process; do git config filter.evil.$way "$P"; git config filter.lfs.$way "$P"; done
  git config filter.evil.required true; git config diff.evil.textconv "$P"; git config diff.evil.command "$P"
  git config merge.evil.driver "$P"; git config include.path /tree/evil.config`;
const ALIASES = [
  ".GIT",
  ".gIt",
  ".git ",
  ".git.",
  "git~1",
  ".g\u200cit",
  ".git\ufeff",
  ".git::$INDEX_ALLOCATION",
];
const HOOKS =
  "pre-commit post-commit post-checkout post-index-change pre-push reference-transaction post-merge update";

export const TREE_ATTACKS: readonly AttackCase[] = [
  {
    name: "hooks in its git directory, in .husky, and a config that points to them",
    script: `dir=$(git rev-parse --git-dir); mkdir -p "$dir/hooks" .husky .git/hooks
      for hook in ${HOOKS}; do printf '#!/bin/sh\\n%s "$@"\\n' "$P" | tee "$dir/hooks/$hook" > .husky/$hook; done
      chmod -R 755 .husky "$dir/hooks"; git config core.hooksPath .husky`,
    ends: "completed",
    wrong: (played) => missing(played, [".husky/pre-commit"]),
  },
  {
    name: "fsmonitor, filters, external diff, textconv, helpers and drivers, by attributes and config",
    script: `${EVIL_CONFIG}
      echo '* filter=evil diff=evil merge=evil' > .gitattributes; echo '*.js filter=lfs diff=lfs merge=lfs -text' >> .gitattributes
      printf '[lfs]\\n url = http://127.0.0.1:%s/\\n' "$PORT" > .lfsconfig
      git config --list > evil.config; cp evil.config .gitconfig`,
    ends: "completed",
    wrong: (played) => missing(played, [".gitattributes", ".lfsconfig"]),
  },
  {
    name: "another .git in place of its own",
    script: `git init -q /tmp/evil; git -C /tmp/evil config core.fsmonitor "$P"; cp -r /tmp/evil/.git evil
      rm -rf .git; mv .git gone; echo 'gitdir: evil' > .git; ln -sf evil .git; mv evil .git; rm -rf evil gone`,
    ends: "completed",
  },
  {
    name: "a nested repository with a monitor of its own",
    script: `git init -q sub; git -C sub config core.fsmonitor "$P"; git -C sub config filter.x.clean "$P"
      echo '* filter=x' > sub/.gitattributes; echo x > sub/file`,
    ends: refused(/sub\/\.git: is a nested git repository/),
  },
  {
    name: "a .git file in a folder, that leads to a repository in the tree",
    script: `git init -q --bare evil.git; git -C evil.git config core.fsmonitor "$P"; mkdir sub
      echo 'gitdir: ../evil.git' > sub/.git`,
    ends: refused(/sub\/\.git: is a nested git repository/),
  },
  {
    name: "a bare repository as plain files (safe.bareRepository)",
    script: `git init -q --bare sub; git -C sub config core.fsmonitor "$P"; git -C sub config core.bare false
      git -C sub config core.worktree /tree; printf '#!/bin/sh\\n%s\\n' "$P" > sub/hooks/post-checkout; chmod +x sub/hooks/*`,
    ends: "completed",
  },
  {
    name: "folders that other file systems take for .git, each of them named in the error",
    script: ALIASES.map((name) => `mkdir -p 'deep/${name}/hooks'; echo x > 'deep/${name}/config'`).join("\n"),
    ends: refused(/nested git repository/),
    wrong: ({ agent }) => counted("folders named", agent.error?.match(/deep\//g) ?? [], ALIASES.length),
  },
  {
    name: "gitlinks written into its index, and commits of its own",
    script: `git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),linked
      mkdir linked; git add -A; git commit -qm evil; git update-ref refs/heads/main HEAD; git tag evil`,
    ends: "completed",
    wrong: ({ pushed }) => counted("gitlinks", ofMode(pushed, "160000"), 0),
  },
  {
    name: "a .gitmodules that runs a command on update",
    script: `printf '[submodule "x"]\\n path = x\\n url = https://example.com/x\\n update = !%s\\n' "$P" > .gitmodules`,
    ends: refused(/gitmodules/),
  },
  {
    name: "a .gitmodules whose url is an option",
    script: `printf '[submodule "x"]\\n path = x\\n url = --upload-pack=%s\\n' "$P" > .gitmodules`,
    ends: refused(/gitmodules/),
  },
  {
    name: "a .gitmodules that leads out of the tree, with an ext:: url",
    script: `printf '[submodule "../../x"]\\n path = ../x\\n url = ext::%s\\n' "$P" > .gitmodules`,
    ends: refused(/gitmodules/),
  },
  {
    name: "links out of the tree: files, folders, chains, loops, and in place of what we read",
    gates: ["tests", "coverage"],
    script: `ln -s "$S" leak; ln -s "$D" folder; ln -s a b; ln -s b c; ln -s "$S" a; ln -s loop loop; ln -s ../../../../../../.. up
      mkdir -p .mosaic .claude/skills/x; ln -s "$S" CLAUDE.md; ln -sf "$S" AGENTS.md; ln -s "$S" .mosaic/gates.json
      ln -s "$S" .claude/skills/x/SKILL.md; ln -s "$S" .gitignore.d; ln -s "$D" coverage; ln -s "$S" lcov.info
      git add -f lcov.info; ln -sf /proc/self/environ env; ln -s /etc/shadow shadow; ln "$S" hard; ln .git hardgit`,
    ...reported("coverage", /^passed: .*\(lcov\.info\)/),
  },
  {
    name: "the same links with nothing to trip over",
    script: `ln -s "$S" leak; ln -s "$D" folder; ln -s a b; ln -s "$S" a; ln -sf "$S" AGENTS.md; mkdir .mosaic
      ln -s "$S" .mosaic/gates.json; ln -s /proc/self/environ env; ln -s / root; ln -s .git dotgit`,
    skills: ["x"],
    ends: "completed",
    wrong: ({ pushed }) => counted("links", ofMode(pushed, "120000"), 9),
  },
  {
    name: "package.json as a link to a file of the host",
    script: `rm package.json; ln -s "$S" package.json`,
    ends: "completed",
  },
  {
    name: "a fifo, which whoever reads it waits on",
    script: "mkfifo pipe 'pi\npe'",
    ends: refused(/pipe: is a fifo/),
  },
  {
    name: "a socket",
    script: `node -e 'require("net").createServer().listen("/tree/sock", () => process.kill(process.pid, 9))'`,
    ends: refused(/sock: is a socket/),
  },
  {
    name: "devices",
    script: "mknod null c 1 3; mknod disk b 8 0; mknod whiteout c 0 0; mknod p p",
    ends: refused(/p: is a fifo/),
  },
  {
    name: "more files than a tree may hold",
    script: "mkdir many; cd many; seq 4000 | xargs touch",
    ends: refused(/more than 3000 files and folders/),
  },
  {
    name: "more folders than a tree may hold, ignored ones",
    script: "echo many >> .gitignore; mkdir many; cd many; seq 4000 | xargs mkdir",
    ends: refused(/more than 3000 files and folders/),
  },
  {
    name: "a sparse file of 10 GB, and three of what one file may have",
    script: "truncate -s 10G big; truncate -s 500M one two three",
    ends: refused(/more than 100663296 bytes/),
  },
  {
    name: "folders nested deeper than a path is long",
    script: `i=0; while [ $i -lt 60 ]; do d=$(printf 'd%.0s' $(seq 90)); mkdir "$d" && cd "$d" || break; i=$((i+1)); done; echo x > x`,
    ends: refused(/nested too deeply|git says|File name too long/),
  },
  {
    name: "files and folders nobody may read",
    script: "mkdir shut; echo x > shut/x; echo y > y; chmod 000 y shut/x shut",
    ends: refused(/cannot be read|denied/i),
  },
];
