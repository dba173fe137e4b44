import { hash, randomBytes } from "node:crypto";

/** A new access token: `mosaic_` and 32 random bytes as 43 base64url characters. */
export function newToken(): string {
  return `mosaic_${randomBytes(32).toString("base64url")}`;
}

/** What is stored of a token: its SHA-256, hex. */
export function hashToken(token: string): string {
  return hash("sha256", token, "hex");
}
