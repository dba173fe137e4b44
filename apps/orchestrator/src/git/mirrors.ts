import type { Repository } from "@mosaic/domain";
import { Mutex } from "async-mutex";
import { rename } from "node:fs/promises";
import { basename, join } from "node:path";
import type { GitContext, Mirrors } from "./context.ts";
import { exists } from "./exists.ts";
import { discardHalfMade } from "./half-made-worktrees.ts";
import { mirrorPath } from "./layout.ts";
import { isSound, makeMirror } from "./mirror-create.ts";
import { fetchHeads } from "./mirror-fetch.ts";
import { removeFetchLocks, removeFormerLocks } from "./mirror-locks.ts";
import { asUnreachable } from "./remote-failure.ts";
import { createSharedWork, type SharedWork } from "./shared-work.ts";

type MirrorContext = Pick<GitContext, "git" | "remotes" | "layout" | "limits" | "newId" | "trash">;

interface Entry {
  /** Held while refs or worktrees are moved: milliseconds, never during an exchange with a remote. */
  readonly refs: Mutex;
  readonly fetches: SharedWork;
  /** It was looked at since this process started. */
  checked: boolean;
  /** Ends work that is done only while nobody needs the mirror. */
  interrupt: AbortController | null;
}

export function createMirrors(context: MirrorContext): Mirrors {
  const entries = new Map<string, Entry>();
  const entryOf = (mirror: string): Entry => {
    const known = entries.get(mirror);
    if (known) return known;
    const entry: Entry = { refs: new Mutex(), fetches: createSharedWork(), checked: false, interrupt: null };
    entries.set(mirror, entry);
    return entry;
  };
  return {
    path: (url) => mirrorPath(context.layout, url),
    known(url) {
      const mirror = mirrorPath(context.layout, url);
      return entries.get(mirror)?.checked === true ? mirror : null;
    },
    withRefs: (mirror, action) => {
      const entry = entryOf(mirror);
      entry.interrupt?.abort(new Error("the mirror is needed"));
      return entry.refs.runExclusive(action);
    },
    whileIdle: (mirror, action) => whileIdle(entryOf(mirror), action),
    fetch: async (repository, signal) => {
      const mirror = mirrorPath(context.layout, repository.url);
      const entry = entryOf(mirror);
      entry.interrupt?.abort(new Error("the mirror is needed"));
      await entry.fetches.join(
        (shared) => update(context, repository, { mirror, entry, signal: shared }),
        signal,
      );
      return mirror;
    },
  };
}

async function whileIdle<T>(entry: Entry, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  // Before the locks: whoever comes while this waits for them is not kept waiting either.
  entry.interrupt = interrupt;
  try {
    return await entry.fetches.alone(() =>
      entry.refs.runExclusive(async () => {
        interrupt.signal.throwIfAborted();
        return await action(interrupt.signal);
      }),
    );
  } finally {
    if (entry.interrupt === interrupt) entry.interrupt = null;
  }
}

interface Update {
  readonly mirror: string;
  readonly entry: Entry;
  readonly signal: AbortSignal;
}

async function update(context: MirrorContext, repository: Repository, at: Update): Promise<void> {
  const { mirror, entry, signal } = at;
  try {
    if (!entry.checked) {
      const usable = await entry.refs.runExclusive(() => takeOver(context, mirror, repository.url));
      if (!usable) await makeMirror(context, repository, { mirror, signal });
      entry.checked = true;
      if (!usable) return;
    }
    const alone = (action: () => Promise<void>): Promise<void> =>
      entry.refs.runExclusive(async () => {
        await discardHalfMade(context, mirror);
        await action();
      });
    await fetchHeads(context, repository, { mirror, signal, alone });
  } catch (error) {
    await recover(context, { repository, at, error });
  }
}

/** After a failed fetch: no lock stays, and a mirror that turns out to be damaged is made anew. */
async function recover(
  context: MirrorContext,
  { repository, at, error }: { repository: Repository; at: Update; error: unknown },
): Promise<void> {
  const { mirror, entry, signal } = at;
  const damaged = await entry.refs.runExclusive(async () => {
    await removeFetchLocks(mirror);
    if (signal.aborted || !(await exists(mirror))) return false;
    if (await isSound(context, mirror, repository.url)) return false;
    await setAside(context, mirror);
    return true;
  });
  if (!damaged) throw asUnreachable(error);
  await makeMirror(context, repository, { mirror, signal }).catch((again: unknown) => {
    throw asUnreachable(again);
  });
}

/** First use in this process of what may be on disk: true when it can be used as it is. */
async function takeOver(context: MirrorContext, mirror: string, url: string): Promise<boolean> {
  if (!(await exists(mirror))) return false;
  await removeFormerLocks(mirror);
  if (await isSound(context, mirror, url)) return true;
  await setAside(context, mirror);
  return false;
}

/** A damaged mirror may hold the only copy of somebody's snapshots: it is moved away, never deleted. */
async function setAside({ layout, newId }: MirrorContext, mirror: string): Promise<void> {
  await rename(mirror, join(layout.kept, `mirror-${basename(mirror)}-${newId()}`));
}
