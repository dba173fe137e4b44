import type { Variable } from "./variable.ts";
import { VARIABLES } from "./variables.ts";

const cell = (value: string): string => value.replaceAll("|", "\\|");

/** The reference page of every variable, as Markdown. */
export function configurationReference(): string {
  const groups = Map.groupBy(Object.values(VARIABLES) as Variable[], (item) => item.group);
  const sections = [...groups].map(([group, items]) => {
    const rows = items.map((item) => {
      const names = item.names.map((name) => `\`${name}\``).join(", ");
      const fallback = item.default === undefined || item.default === "" ? "" : `\`${item.default}\``;
      return `| ${names} | ${cell(fallback)} | ${cell(item.description)}${item.secret === true ? " Secret." : ""} |`;
    });
    return [`## ${group}`, "", "| variable | default | what it is |", "| --- | --- | --- |", ...rows].join(
      "\n",
    );
  });
  return [
    "# Configuration",
    "",
    "<!-- Generated from packages/config by `npm run generate`; edit the table there. -->",
    "",
    "Every value comes from the environment. An invalid one stops the start, and all problems are listed at once.",
    "Where two names are given, the first one that is set wins.",
    "",
    sections.join("\n\n"),
    "",
  ].join("\n");
}
