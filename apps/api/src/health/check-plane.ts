import { ApiError, createClient } from "@mosaic/client";
import { type DependencyHealth, healthRoutes, Readiness } from "@mosaic/contracts";

/**
 * Whether a plane is ready, as the plane itself says over HTTP. What is wrong with it is passed on; a plane that cannot
 * be reached, or answers something else, is not ready either.
 */
export function createPlaneCheck(plane: {
  readonly url: string;
  readonly timeoutMs: number;
}): () => Promise<DependencyHealth> {
  const client = createClient({ baseUrl: plane.url, routes: healthRoutes, timeoutMs: plane.timeoutMs });
  return async () => {
    try {
      return describe(plane.url, await client.call("ready"));
    } catch (error) {
      // 503 carries the same document.
      const answer = error instanceof ApiError ? Readiness.safeParse(error.body) : null;
      if (answer?.success === true) return describe(plane.url, answer.data);
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  };
}

function describe(url: string, readiness: Readiness): DependencyHealth {
  const failing = Object.entries(readiness.checks).filter(([, check]) => !check.ok);
  if (readiness.status === "ready") {
    const warned = readiness.warnings.length > 0;
    return {
      ok: true,
      detail: warned ? `${url} is ready, with warnings: ${readiness.warnings.join("; ")}` : `${url} is ready`,
      ...(warned ? { warning: true } : {}),
    };
  }
  const reasons = failing.map(([name, check]) => `${name}: ${check.detail}`).join("; ");
  return { ok: false, detail: `${url} is not ready: ${reasons === "" ? "it does not say why" : reasons}` };
}
