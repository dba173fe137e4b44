import { readdir, readFile } from "node:fs/promises";

/** Ids of processes whose command line or environment contains `text`, this one left out. Linux only. */
export async function processesMentioning(text: string): Promise<readonly number[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    ids.map(async (id) => {
      if (id === process.pid) return [];
      const texts = await Promise.all([
        readFile(`/proc/${id}/cmdline`, "utf8").catch(() => ""),
        readFile(`/proc/${id}/environ`, "utf8").catch(() => ""),
      ]);
      return texts.some((content) => content.includes(text)) ? [id] : [];
    }),
  );
  return found.flat();
}
