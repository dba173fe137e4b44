/** Imports what it is told to, as a process that may be killed. */
import { importInstallation, type Place } from "./installation.ts";

const { place, file } = JSON.parse(process.argv[2] ?? "") as { readonly place: Place; readonly file: string };
const mover = { by: "cli:test", at: "2026-01-03T00:00:00.000Z" };
await importInstallation(place, { ...mover, file, signal: new AbortController().signal });
