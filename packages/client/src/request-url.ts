import type { Route } from "@mosaic/contracts";

type Values = Readonly<Record<string, unknown>>;

/** Parameters are plain values; anything else is a mistake of the caller's that would end up as `[object Object]`. */
function asText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error(`the parameter '${name}' must be a string, a number or a boolean`);
}

function addQuery(url: URL, query: Values): void {
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null) url.searchParams.append(name, asText(name, item));
    }
  }
}

/** The address of a route, with its parameters filled in and encoded; a path of `baseUrl` is kept as a prefix. */
export function requestUrl(baseUrl: string, route: Route, request: { params?: Values; query?: Values }): URL {
  const path = route.path.replaceAll(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = request.params?.[name];
    if (value === undefined || value === "")
      throw new Error(`the route ${route.path} needs the parameter '${name}'`);
    return encodeURIComponent(asText(name, value));
  });
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, "") + path;
  addQuery(url, request.query ?? {});
  return url;
}
