import { ProblemError } from "@mosaic/contracts";
import type { FastifyInstance } from "fastify";

/**
 * JSON is the only body there is: everything else is a 415, which also keeps out forms a browser would send across
 * origins. Keys that would reach a prototype are refused, and an empty body is no body.
 */
export function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    void parse(request, body as string, (error, value) => {
      if (error === null) done(null, value);
      else
        done(new ProblemError("invalid_json", `The body is not valid JSON: ${error.message}`.slice(0, 300)));
    });
  });
}
