import type { StoredEvent } from "@mosaic/contracts";
import type { StateStore } from "@mosaic/store";

/** Collects what a store announces; `until(id)` waits for that event. */
export function collectEvents(store: StateStore) {
  const seen: StoredEvent[] = [];
  let check = (): void => undefined;
  const stop = store.subscribe((events) => {
    seen.push(...events);
    check();
  });
  const until = (id: number) =>
    new Promise<readonly StoredEvent[]>((resolve) => {
      check = () => {
        if ((seen.at(-1)?.id ?? 0) >= id) resolve(seen);
      };
      check();
    });
  return { seen, stop, until };
}
