import { countHits, type LineCount, sumLines } from "./line-count.ts";

/**
 * Line coverage of a Cobertura XML report. The document's own totals when it has them; else its `<line>` elements
 * per class (those inside `<methods>` repeat the class's). No XML parser: nothing else of the document is read,
 * and so neither entities nor a DOCTYPE can do anything; one pass, so that no hostile report takes long.
 */
export function parseCobertura(text: string): LineCount | null {
  const classes: Map<number, number>[] = [];
  let isReport = false;
  let isInMethods = false;
  for (const tag of tags(text)) {
    const name = /^<\/?([\w:.-]+)/.exec(tag)?.[1];
    if (name === "coverage" && !isReport) {
      isReport = true;
      const totals = ownTotals(tag);
      if (totals) return totals;
    } else if (name === "class" && !tag.startsWith("</")) classes.push(new Map());
    else if (name === "methods") isInMethods = !tag.startsWith("</") && !tag.endsWith("/>");
    else if (name === "line" && !isInMethods) addLine(classes.at(-1), tag);
  }
  return isReport ? sumLines(classes.map(countHits)) : null;
}

function* tags(text: string): Generator<string> {
  let start = text.indexOf("<");
  while (start >= 0) {
    const end = text.indexOf(">", start);
    if (end < 0) return;
    yield text.slice(start, end + 1);
    start = text.indexOf("<", end);
  }
}

function ownTotals(tag: string): LineCount | null {
  const total = attribute(tag, "lines-valid");
  const covered = attribute(tag, "lines-covered");
  return total === null || covered === null ? null : { covered, total };
}

function addLine(lines: Map<number, number> | undefined, tag: string): void {
  const line = attribute(tag, "number");
  const hits = attribute(tag, "hits");
  if (!lines || line === null || hits === null) return;
  lines.set(line, Math.max(lines.get(line) ?? 0, hits));
}

function attribute(tag: string, name: string): number | null {
  const value = new RegExp(`\\s${name}=["'](\\d{1,15})["']`).exec(tag)?.[1];
  return value === undefined ? null : Number(value);
}
