import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Attack, type Played, type Range, startRange } from "./range.ts";

/** `$P` is a program of the host, `$S` a file of the host; neither is there inside. */
interface Case extends Attack {
  readonly name: string;
  readonly expect: (played: Played) => void;
}

const refused = (error: RegExp) => (played: Played) => {
  expect(played.agent).toMatchObject({ status: "failed", reason: "unsafe_tree" });
  expect(played.agent.error).toMatch(error);
  expect(played.pushed).toEqual([]);
};
const harmless = (played: Played): void => {
  expect(played.agent, played.agent.error).toMatchObject({ status: "completed" });
};
const paths = ({ pushed }: Played): readonly string[] =>
  pushed.map((entry) => entry.slice(entry.indexOf("\t") + 1));
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

const CASES: readonly Case[] = [
  {
    name: "hooks in its git directory, in .husky, and a config that points to them",
    script: `dir=$(git rev-parse --git-dir); mkdir -p "$dir/hooks" .husky .git/hooks
      for hook in ${HOOKS}; do printf '#!/bin/sh\\n%s "$@"\\n' "$P" | tee "$dir/hooks/$hook" > .husky/$hook; done
      chmod -R 755 .husky "$dir/hooks"; git config core.hooksPath .husky`,
    expect: (played) => {
      harmless(played);
      expect(paths(played)).toContain(".husky/pre-commit");
    },
  },
  {
    name: "fsmonitor, filters, external diff, textconv, helpers and drivers, by attributes and config",
    script: `${EVIL_CONFIG}
      echo '* filter=evil diff=evil merge=evil' > .gitattributes; echo '*.js filter=lfs diff=lfs merge=lfs -text' >> .gitattributes
      printf '[lfs]\\n url = http://127.0.0.1:%s/\\n' "$PORT" > .lfsconfig
      git config --list > evil.config; cp evil.config .gitconfig`,
    expect: (played) => {
      harmless(played);
      expect(paths(played)).toEqual(expect.arrayContaining([".gitattributes", ".lfsconfig"]));
    },
  },
  {
    name: "another .git in place of its own",
    script: `git init -q /tmp/evil; git -C /tmp/evil config core.fsmonitor "$P"; cp -r /tmp/evil/.git evil
      rm -rf .git; mv .git gone; echo 'gitdir: evil' > .git; ln -sf evil .git; mv evil .git; rm -rf evil gone`,
    expect: harmless,
  },
  {
    name: "a nested repository with a monitor of its own",
    script: `git init -q sub; git -C sub config core.fsmonitor "$P"; git -C sub config filter.x.clean "$P"
      echo '* filter=x' > sub/.gitattributes; echo x > sub/file`,
    expect: refused(/sub\/\.git: is a nested git repository/),
  },
  {
    name: "a .git file in a folder, that leads to a repository in the tree",
    script: `git init -q --bare evil.git; git -C evil.git config core.fsmonitor "$P"; mkdir sub
      echo 'gitdir: ../evil.git' > sub/.git`,
    expect: refused(/sub\/\.git: is a nested git repository/),
  },
  {
    name: "a bare repository as plain files (safe.bareRepository)",
    script: `git init -q --bare sub; git -C sub config core.fsmonitor "$P"; git -C sub config core.bare false
      git -C sub config core.worktree /tree; printf '#!/bin/sh\\n%s\\n' "$P" > sub/hooks/post-checkout; chmod +x sub/hooks/*`,
    expect: harmless,
  },
  {
    name: "folders that other file systems take for .git, each of them named in the error",
    script: ALIASES.map((name) => `mkdir -p 'deep/${name}/hooks'; echo x > 'deep/${name}/config'`).join("\n"),
    expect: (played) => {
      refused(/nested git repository/)(played);
      expect(played.agent.error?.match(/deep\//g)).toHaveLength(ALIASES.length);
    },
  },
  {
    name: "gitlinks written into its index, and commits of its own",
    script: `git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),linked
      mkdir linked; git add -A; git commit -qm evil; git update-ref refs/heads/main HEAD; git tag evil`,
    expect: (played) => {
      harmless(played);
      expect(played.pushed.filter((entry) => entry.startsWith("160000"))).toEqual([]);
    },
  },
  {
    name: "a .gitmodules that runs a command on update",
    script: `printf '[submodule "x"]\\n path = x\\n url = https://example.com/x\\n update = !%s\\n' "$P" > .gitmodules`,
    expect: refused(/gitmodules/),
  },
  {
    name: "a .gitmodules whose url is an option",
    script: `printf '[submodule "x"]\\n path = x\\n url = --upload-pack=%s\\n' "$P" > .gitmodules`,
    expect: refused(/gitmodules/),
  },
  {
    name: "a .gitmodules that leads out of the tree, with an ext:: url",
    script: `printf '[submodule "../../x"]\\n path = ../x\\n url = ext::%s\\n' "$P" > .gitmodules`,
    expect: refused(/gitmodules/),
  },
  {
    name: "links out of the tree: files, folders, chains, loops, and in place of what we read",
    gates: ["tests", "coverage"],
    script: `ln -s "$S" leak; ln -s "$D" folder; ln -s a b; ln -s b c; ln -s "$S" a; ln -s loop loop; ln -s ../../../../../../.. up
      mkdir -p .mosaic .claude/skills/x; ln -s "$S" CLAUDE.md; ln -sf "$S" AGENTS.md; ln -s "$S" .mosaic/gates.json
      ln -s "$S" .claude/skills/x/SKILL.md; ln -s "$S" .gitignore.d; ln -s "$D" coverage; ln -s "$S" lcov.info
      git add -f lcov.info; ln -sf /proc/self/environ env; ln -s /etc/shadow shadow; ln "$S" hard; ln .git hardgit`,
    expect: (played) => {
      harmless(played);
      expect(played.verdicts["coverage"]).toMatch(/^passed: .*\(lcov\.info\)/);
    },
  },
  {
    name: "the same links with nothing to trip over",
    script: `ln -s "$S" leak; ln -s "$D" folder; ln -s a b; ln -s "$S" a; ln -sf "$S" AGENTS.md; mkdir .mosaic
      ln -s "$S" .mosaic/gates.json; ln -s /proc/self/environ env; ln -s / root; ln -s .git dotgit`,
    skills: ["x"],
    expect: (played) => {
      harmless(played);
      const links = played.pushed.filter((entry) => entry.startsWith("120000"));
      expect(links).toHaveLength(9);
    },
  },
  {
    name: "package.json as a link to a file of the host",
    script: `rm package.json; ln -s "$S" package.json`,
    expect: (played) => expect(["completed", "failed"]).toContain(played.agent.status),
  },
  {
    name: "a fifo, which whoever reads it waits on",
    script: "mkfifo pipe 'pi\npe'",
    expect: refused(/pipe: is a fifo/),
  },
  {
    name: "a socket",
    script: `node -e 'require("net").createServer().listen("/tree/sock", () => process.kill(process.pid, 9))'`,
    expect: refused(/sock: is a socket/),
  },
  {
    name: "devices",
    script: "mknod null c 1 3; mknod disk b 8 0; mknod whiteout c 0 0; mknod p p",
    expect: refused(/p: is a fifo/),
  },
  {
    name: "more files than a tree may hold",
    script: "mkdir many; cd many; seq 4000 | xargs touch",
    expect: refused(/more than 3000 files and folders/),
  },
  {
    name: "more folders than a tree may hold, ignored ones",
    script: "echo many >> .gitignore; mkdir many; cd many; seq 4000 | xargs mkdir",
    expect: refused(/more than 3000 files and folders/),
  },
  {
    name: "a sparse file of 10 GB, and three of what one file may have",
    script: "truncate -s 10G big; truncate -s 500M one two three",
    expect: refused(/more than 100663296 bytes/),
  },
  {
    name: "folders nested deeper than a path is long",
    script: `i=0; while [ $i -lt 60 ]; do d=$(printf 'd%.0s' $(seq 90)); mkdir "$d" && cd "$d" || break; i=$((i+1)); done; echo x > x`,
    expect: refused(/nested too deeply|git says|File name too long/),
  },
  {
    name: "files and folders nobody may read",
    script: "mkdir shut; echo x > shut/x; echo y > y; chmod 000 y shut/x shut",
    expect: ({ agent }) => {
      if (agent.status === "failed") expect(agent.error).toMatch(/cannot be read|denied/i);
    },
  },
];

describe("an agent that attacks from its tree", () => {
  let range: Range;
  const played = new Map<string, Promise<Played>>();
  beforeAll(async () => {
    range = await startRange();
    const { payload, secretFile, folder, port } = range.canary;
    const names = `P=${payload} S=${secretFile} D=${folder} PORT=${port}\n`;
    for (const attack of CASES) {
      const play = range.play({ ...attack, script: `${names}${attack.script ?? ""}` });
      play.catch(() => undefined);
      played.set(attack.name, play);
    }
  });
  afterAll(() => range.close());

  it.each(CASES)("is held: $name", async ({ name, expect: check }) => {
    check((await played.get(name)) as Played);
  });

  it("leaves a system that serves the next task", async () => {
    await Promise.allSettled(played.values());
    harmless(await range.play({}));
    expect(await range.canary.marks()).toEqual([]);
  });
});
