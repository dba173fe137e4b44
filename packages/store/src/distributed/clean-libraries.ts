import { buildLibrary } from "../bullmq/library.ts";
import type { Instances } from "../instances.ts";
import type { Link } from "../valkey/connect.ts";
import { LIBRARY_NAME } from "../valkey/library.ts";

/** How all our libraries of functions are called: by their content, so that every version has its own. */
const OURS = /^mosaic_(queue_)?[0-9a-f]{16}$/;

/**
 * Instances that take what other versions of Mosaic have loaded out of the server: with the first beat at which every
 * instance that lives is of one version. Whoever should still need it loads it again.
 */
export function cleaningLibraries(
  instances: Instances,
  { link, onError }: { readonly link: Link; readonly onError: (error: unknown) => void },
): Instances {
  let cleaned = false;
  return {
    ...instances,
    async beat(beat, ttlMs) {
      await instances.beat(beat, ttlMs);
      if (cleaned) return;
      const others = (await instances.list()).filter(
        ({ alive, version }) => alive && version !== beat.version,
      );
      if (others.length > 0) return;
      cleaned = true;
      await clean(link).catch(onError);
    },
  };
}

async function clean(link: Link): Promise<void> {
  const { redis } = link;
  try {
    const kept = new Set([LIBRARY_NAME, (await buildLibrary()).name]);
    for (const name of namesIn(await redis.call("FUNCTION", "LIST", "LIBRARYNAME", "mosaic_*")))
      if (OURS.test(name) && !kept.has(name)) await remove(name);
  } catch (error) {
    throw link.fault(error, { reads: false });
  }

  async function remove(name: string): Promise<void> {
    try {
      await redis.call("FUNCTION", "DELETE", name);
    } catch (error) {
      // Another instance has started at the same moment.
      if (!String(error).includes("Library not found")) throw error;
    }
  }
}

/** Of each library the server tells names and values in turn. */
function namesIn(reply: unknown): readonly string[] {
  if (!Array.isArray(reply)) return [];
  return (reply as readonly (readonly unknown[])[]).map((fields) =>
    String(fields[fields.indexOf("library_name") + 1]),
  );
}
