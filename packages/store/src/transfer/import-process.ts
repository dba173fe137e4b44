/** Imports what it is told to, as a process that may be killed. */
import { importInstallation, type Place } from "./installation.ts";

const { place, file } = JSON.parse(process.argv[2] ?? "") as { readonly place: Place; readonly file: string };
await importInstallation(place, { file, signal: new AbortController().signal });
