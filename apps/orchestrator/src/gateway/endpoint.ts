/** What an agent may ask of the model's API. */
export type Endpoint =
  | { readonly kind: "messages"; readonly path: string }
  | { readonly kind: "count_tokens"; readonly path: string }
  | { readonly kind: "models"; readonly path: string }
  | { readonly kind: "hello" };

const MODEL_PATH = /^\/v1\/models(?:\/[A-Za-z0-9][A-Za-z0-9._:-]{0,99})?$/;
const MODEL_QUERY = /^(?:(?:limit|after_id|before_id|beta)=[A-Za-z0-9._:-]{0,100}(?:&|$))*$/;

/**
 * The endpoint of a request, or null for everything that is not one. Compares the request line as it came, without
 * decoding or normalising, so that no other spelling (`..`, `//`, `%2e`, an absolute URL) is an endpoint.
 */
export function endpointOf(method: string | undefined, url: string | undefined): Endpoint | null {
  if (url === undefined) return null;
  if (method === "POST" && isExactly(url, "/v1/messages")) return { kind: "messages", path: url };
  if (method === "POST" && isExactly(url, "/v1/messages/count_tokens"))
    return { kind: "count_tokens", path: url };
  if (method === "HEAD" && url === "/api/hello") return { kind: "hello" };
  const [path = "", query = "", ...rest] = url.split("?");
  if (method === "GET" && rest.length === 0 && MODEL_PATH.test(path) && MODEL_QUERY.test(query)) {
    return { kind: "models", path: url };
  }
  return null;
}

function isExactly(url: string, path: string): boolean {
  return url === path || url === `${path}?beta=true`;
}
