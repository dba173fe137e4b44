import { type orchestratorRoutes, ProblemError } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import type { Services } from "../services.ts";

type SecretRoutes = Pick<typeof orchestratorRoutes, "allowSecret" | "listAllowedSecrets" | "disallowSecret">;

/** Handlers of the findings that people let pass. Each decision is audited with who and why. */
export function secretHandlers(services: Services): Handlers<SecretRoutes> {
  const { allowedSecrets, audit, scanner } = services;
  const decide = (
    action: "secrets.allow" | "secrets.disallow",
    decision: { readonly actor: string; readonly fingerprint: string; readonly reason: string },
  ) =>
    audit.append({
      at: services.now().toISOString(),
      actor: decision.actor,
      action,
      subject: decision.fingerprint,
      reason: decision.reason,
      data: {},
    });
  return {
    async allowSecret({ body }, { caller }) {
      const reason = scanner.redact(body.reason);
      const allowed = {
        fingerprint: body.fingerprint,
        reason,
        allowedBy: caller.name,
        allowedAt: services.now().toISOString(),
      };
      // The decision is written down before it has an effect.
      await decide("secrets.allow", { actor: caller.name, fingerprint: body.fingerprint, reason });
      await allowedSecrets.put(allowed);
      return allowed;
    },
    async listAllowedSecrets() {
      return { items: (await allowedSecrets.list()).map((allowed) => ({ ...allowed })) };
    },
    async disallowSecret({ body }, { caller }) {
      const { fingerprint } = body;
      if (!(await allowedSecrets.remove(fingerprint)))
        throw new ProblemError("allowance_not_found", `no finding ${fingerprint} is allowed`);
      await decide("secrets.disallow", {
        actor: caller.name,
        fingerprint,
        reason: scanner.redact(body.reason),
      });
      return { fingerprint, removed: true as const };
    },
  };
}
