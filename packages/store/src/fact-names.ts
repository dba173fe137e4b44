/** Under this name PostgreSQL remembers which Valkey belongs to it. */
export const EPOCH_FACT = "valkey_epoch";

/** Under this name all orchestrators find the salt of fingerprints. */
export const SALT_FACT = "fingerprint_salt";
