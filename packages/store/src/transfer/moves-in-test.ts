import { exportInstallation, importInstallation, type Contents, type Place } from "./installation.ts";

const { signal } = new AbortController();
const by = "cli:test";

/** Moves as a person asks for them. */
export const exported = (place: Place, file: string): Promise<Contents> =>
  exportInstallation(place, { by, at: "2026-01-02T00:00:00.000Z", file, signal });

export const imported = (place: Place, file: string): Promise<Contents> =>
  importInstallation(place, { by, at: "2026-01-03T00:00:00.000Z", file, signal });
