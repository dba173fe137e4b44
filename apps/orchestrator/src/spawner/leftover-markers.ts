/** Lines that git writes around the sides of a conflict, or that somebody left of them. */
const MARKER = /^(?:<{7}|={7}|>{7}|\|{7})(?:\s|$)/;

/**
 * Whether a text still holds a conflict. The two lines that carry our labels are one wherever they are. In a file that
 * was in conflict (`sides` are its two versions) so is every line that looks like a marker and is in neither version:
 * some files are full of such lines by right, a heading underlined in Markdown for one.
 */
export function hasLeftoverMarkers(
  text: string,
  from: {
    readonly labels: { readonly ours: string; readonly theirs: string };
    readonly sides: readonly string[] | null;
  },
): boolean {
  const { labels, sides } = from;
  const lines = text.split("\n");
  const start = `<<<<<<< ${labels.ours}`;
  const end = `>>>>>>> ${labels.theirs}`;
  if (lines.some((line) => line.startsWith(start) || line.startsWith(end))) return true;
  if (sides === null) return false;
  const allowed = sides.reduce((sum, side) => sum + count(side.split("\n")), 0);
  return count(lines) > allowed;
}

const count = (lines: readonly string[]): number => lines.filter((line) => MARKER.test(line)).length;
