import { readText } from "../read-field.ts";
import { CorruptRecordError } from "../store-error.ts";
import type { Ask, Steps } from "./steps.ts";

/** Facts of the installation. */
export function createFacts(ask: Ask) {
  function* get(key: string): Steps<string | null> {
    const [row] = yield* ask.findFact({ key });
    return row === undefined ? null : readText(row, "value", `fact ${key}`);
  }
  function* setIfAbsent(key: string, value: string): Steps<string> {
    yield* ask.insertFact({ key, value });
    const kept = yield* get(key);
    if (kept === null) throw new CorruptRecordError(`fact ${key}`, "value", "went away while it was written");
    return kept;
  }

  function* replace(key: string, value: string): Steps<void> {
    yield* ask.putFact({ key, value });
  }

  return { get, setIfAbsent, replace };
}
