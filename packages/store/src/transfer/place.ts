/** An installation on one machine: its data folder. */
export interface EmbeddedPlace {
  /** MOSAIC_HOME, absolute. */
  readonly home: string;
}

/** An installation that many orchestrators share. */
export interface DistributedPlace {
  readonly valkeyUrl: string;
  /** PEM of the authorities to trust with Valkey's certificate, instead of the system's. */
  readonly valkeyCa?: string | undefined;
  readonly databaseUrl: string;
}

/** Where an installation keeps what it must not lose. */
export type Place = EmbeddedPlace | DistributedPlace;

/** The installation cannot be moved as it was asked. The text says why, and what to do. */
export class MoveError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MoveError";
  }
}
