import { send } from "./forward.ts";
import type { LineState } from "./line.ts";
import type { Upstream } from "./upstream.ts";

export interface UpstreamHealth {
  readonly ok: boolean;
  readonly detail: string;
  /** True when it works, but not as it should. */
  readonly warning?: boolean;
}

const TIMEOUT_MS = 5_000;
/** How long an answer is believed: readiness is asked often, the API need not be. */
const BELIEVED_MS = { ok: 60_000, failed: 10_000 };

/** Asks the model's API for its models, at most once a minute; says what the line of requests looks like now. */
export function createCheck(
  upstream: Upstream,
  now: () => Date,
  traffic: () => LineState,
): () => Promise<UpstreamHealth> {
  let last: { health: Promise<UpstreamHealth>; until: number } | null = null;
  const believed = async (): Promise<UpstreamHealth> => {
    if (last !== null && now().getTime() < last.until) return last.health;
    const health = ask(upstream);
    const current = { health, until: Number.POSITIVE_INFINITY };
    last = current;
    const { ok } = await health;
    current.until = now().getTime() + (ok ? BELIEVED_MS.ok : BELIEVED_MS.failed);
    return health;
  };
  return async () => withTraffic(await believed(), traffic());
}

function withTraffic(health: UpstreamHealth, { paused, waiting }: LineState): UpstreamHealth {
  if (paused === null) return health;
  const seconds = Math.ceil(paused.ms / 1000);
  const detail = `${health.detail}; all requests are paused for ${seconds} s after HTTP ${paused.status}, ${waiting} wait`;
  return { ...health, detail, warning: true };
}

async function ask(upstream: Upstream): Promise<UpstreamHealth> {
  const outgoing = { method: "GET", path: "/v1/models?limit=1", headers: {}, body: null } as const;
  const sent = await send(upstream, outgoing, AbortSignal.timeout(TIMEOUT_MS));
  if (sent.kind !== "answered")
    return { ok: false, detail: `${upstream.name} cannot be reached (${sent.why})` };
  const { statusCode, body } = sent.answer;
  await body.dump().catch(() => undefined);
  if (statusCode === 401 || statusCode === 403) {
    return {
      ok: false,
      detail: `${upstream.name} refuses the API key (HTTP ${statusCode}); check CLAUDE_API_KEY`,
    };
  }
  // Other servers of the Messages API need not list their models; that they answer is enough.
  if (statusCode >= 500) return { ok: false, detail: `${upstream.name} answers with HTTP ${statusCode}` };
  return { ok: true, detail: `${upstream.name} answers` };
}
