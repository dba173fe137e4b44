import { z } from "zod";

const Schema = z.looseObject({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).default([]),
});

/** Agents' tools are alike, and name their inputs otherwise: `file_path`, `filePath`; `timeout_ms`, `timeout`. */
const fold = (name: string): string => name.toLowerCase().replaceAll("_", "").replace(/ms$/, "");

/** A call's input under the names that the offered tool's schema has for it; as it is where there is no schema. */
export function fitInput(
  input: Readonly<Record<string, unknown>>,
  schema: unknown,
): Readonly<Record<string, unknown>> {
  const parsed = Schema.safeParse(schema);
  if (!parsed.success) return input;
  const known = Object.keys(parsed.data.properties);
  const fitted = Object.entries(input).map(([name, value]) => {
    const other = known.includes(name) ? name : known.find((candidate) => fold(candidate) === fold(name));
    return [other ?? name, value];
  });
  const described = parsed.data.required.includes("description") ? { description: "The next step." } : {};
  return { ...described, ...(Object.fromEntries(fitted) as Record<string, unknown>) };
}
