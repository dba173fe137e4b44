/**
 * Small facts that every process of an installation shares, such as a salt or which Valkey it belongs to. Both are
 * text. Errors: `StoreUnavailableError`.
 */
export interface InstallationFacts {
  get(key: string): Promise<string | null>;
  /** Keeps `value` unless there is one; gives the value that is kept now. However many ask, all get the same. */
  setIfAbsent(key: string, value: string): Promise<string>;
  replace(key: string, value: string): Promise<void>;
}
