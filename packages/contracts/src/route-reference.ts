import type { RouteTable } from "./route.ts";

/** The routes of the planes, as Markdown. The OpenAPI documents beside it have every field. */
export function routeReference(planes: Readonly<Record<string, RouteTable>>): string {
  const sections = Object.entries(planes).map(([title, routes]) => {
    const rows = Object.values(routes).map(
      (route) =>
        `| ${route.method} \`${route.path}\` | ${route.scope === null ? "open" : `\`${route.scope}\``} | ${route.summary} | ${
          route.problems.map((code) => `\`${code}\``).join(", ") || "none of its own"
        } |`,
    );
    return [
      `## ${title}`,
      "",
      "| route | scope | what it does | problems |",
      "| --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
  });
  return [
    "# Routes",
    "",
    "<!-- Generated from packages/contracts by `npm run generate`. -->",
    "",
    "Every field is in the OpenAPI 3.1 documents beside this page, which each plane also serves at `/openapi.json`. A token",
    "goes into `Authorization: Bearer` or `X-API-Key`; `admin` allows everything, `spawn` and `kill` allow reading. Any route",
    "with a scope may also answer `unauthenticated`, `forbidden`, `host_not_allowed`, `origin_not_allowed`, `rate_limited` and",
    "`internal`.",
    "",
    sections.join("\n\n"),
    "",
  ].join("\n");
}
