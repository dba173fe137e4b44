export { createClient, type Client, type ClientOptions } from "./client.ts";
export type { CallOptions, CallOutput, CallRequest } from "./call-types.ts";
export { ApiError, InvalidResponseError, UnreachableError } from "./errors.ts";
export type { StreamItem, StreamOptions, StreamState } from "./stream-types.ts";
