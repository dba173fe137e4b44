import { fileURLToPath } from "node:url";

/** Folder of the demo repository's files: a small TypeScript library with one failing test. Copy it before use. */
export function demoRepositoryPath(): string {
  return fileURLToPath(new URL("../fixtures/demo-repository", import.meta.url));
}
