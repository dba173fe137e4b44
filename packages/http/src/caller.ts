import type { Scope } from "@mosaic/contracts";

/** Who a request comes from: the name and scopes of its token. */
export interface Caller {
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** Finds a token by the SHA-256 (hex) of its value; `TokenStore.findByHash` fits. */
export type FindToken = (hash: string) => Promise<Caller | null>;

/** The caller of a route that is open to anyone. */
export const ANONYMOUS: Caller = Object.freeze({ name: "anonymous", scopes: [] });
