import { z } from "zod";
import { Problem, PROBLEMS, type ProblemCode } from "./problems.ts";
import type { Route, RouteTable } from "./route.ts";

type Document = Record<string, unknown>;

/** Problems any route with a token may answer with, in addition to its own. */
const COMMON: readonly ProblemCode[] = [
  "unauthenticated",
  "forbidden",
  "host_not_allowed",
  "origin_not_allowed",
  "rate_limited",
  "internal",
  "store_unavailable",
];

function schema(type: z.ZodType, io: "input" | "output"): Document {
  const { $schema: _, ...rest } = z.toJSONSchema(type, {
    target: "draft-2020-12",
    io,
    unrepresentable: "any",
  });
  return rest;
}

function parameters(type: z.ZodObject | undefined, place: "path" | "query"): Document[] {
  if (type === undefined) return [];
  return Object.entries(type.shape).map(([name, field]) => {
    const { description, ...body } = schema(field as z.ZodType, "input");
    const required = place === "path" || !(field as z.ZodType).safeParse(undefined).success;
    return { name, in: place, required, ...(description ? { description } : {}), schema: body };
  });
}

function answers(route: Route): Document {
  const content =
    route.response === "sse"
      ? { "text/event-stream": { schema: { type: "string" } } }
      : route.response === "tar"
        ? { "application/x-tar": { schema: { type: "string", format: "binary" } } }
        : route.response === "text"
          ? { "*/*": { schema: {} } }
          : { "application/json": { schema: schema(route.response, "output") } };
  const codes = [...new Set([...route.problems, ...(route.scope === null ? [] : COMMON)])];
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  const problems = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, list]) => [
      String(status),
      {
        description: list.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; "),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]);
  return { [String(route.status)]: { description: "OK", content }, ...Object.fromEntries(problems) };
}

function operation(id: string, route: Route): Document {
  return {
    operationId: id,
    summary: route.summary,
    parameters: [...parameters(route.params, "path"), ...parameters(route.query, "query")],
    ...(route.body
      ? {
          requestBody: {
            required: route.bodyOptional !== true,
            content: { "application/json": { schema: schema(route.body, "input") } },
          },
        }
      : {}),
    responses: answers(route),
    security: route.scope === null ? [] : [{ bearer: [] }, { apiKey: [] }],
    ...(route.scope === null ? {} : { "x-scope": route.scope }),
  };
}

/** The OpenAPI 3.1 document of a plane's routes. */
export function toOpenApi(routes: RouteTable, info: { title: string; version: string }): Document {
  const paths: Record<string, Record<string, Document>> = {};
  for (const [id, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/:([A-Za-z]+)/g, "{$1}");
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(id, route);
  }
  return {
    openapi: "3.1.0",
    info: { ...info, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    paths,
    components: {
      schemas: { Problem: schema(Problem, "output") },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
    },
  };
}
