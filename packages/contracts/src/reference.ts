import { z } from "zod";
import { EVENT_DATA } from "./events.ts";
import { PROBLEMS } from "./problems.ts";

/** The catalogue of problem codes, as Markdown. */
export function problemReference(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  );
  return [
    "# Problems",
    "",
    "<!-- Generated from packages/contracts by `npm run generate`. -->",
    "",
    "Every error is `application/problem+json` (RFC 9457) with one of these codes. A code never changes its meaning;",
    "`detail` says what was wrong in this case and what would be right, `errors` lists every field that was wrong.",
    "",
    "| code | status | title |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** The catalogue of events, as Markdown. */
export function eventReference(): string {
  const rows = Object.entries(EVENT_DATA).map(([type, data]) => `| \`${type}\` | ${fields(data)} |`);
  return [
    "# Events",
    "",
    "<!-- Generated from packages/contracts by `npm run generate`. -->",
    "",
    "An event is `{id, type, time, subject, taskId?, data}`. `id` grows with every event; `subject` is the agent's id, or",
    "`queue`. `agent.<state>` and `task.<state>` are stored in the same atomic step as the change they tell of.",
    "`transcript.*` is what an agent said and did; streams leave it out unless asked.",
    "",
    "| type | data |",
    "| --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function fields(data: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(data, { unrepresentable: "any" });
  const names = Object.keys(properties).map((name) => `\`${name}\`${required.includes(name) ? "" : "?"}`);
  return names.length === 0 ? "none" : names.join(", ");
}
