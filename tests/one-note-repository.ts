import type { FixtureFiles } from "@mosaic/testing";

/** A repository whose only gate wants exactly one note: an agent that sees another's work is rejected. */
export const ONE_NOTE_REPOSITORY: FixtureFiles = {
  "package.json": `${JSON.stringify(
    { name: "notes", private: true, type: "module", scripts: { lint: "node lint.js" } },
    null,
    2,
  )}\n`,
  "lint.js": [
    'import { readdirSync } from "node:fs";',
    'const notes = readdirSync("notes");',
    "if (notes.length !== 1) {",
    // oxlint-disable-next-line no-template-curly-in-string -- the text of a file
    "  console.error(`expected one note, found ${notes.join(', ')}`);",
    "  process.exit(1);",
    "}",
    "",
  ].join("\n"),
};
