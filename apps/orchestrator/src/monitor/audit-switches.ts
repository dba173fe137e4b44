import type { Services } from "../services.ts";

/** A start with protections off is somebody's choice, and is written down as one. */
export async function auditSwitches(services: Services): Promise<void> {
  const { sandbox, settings, audit, instanceId, now } = services;
  const off = [sandbox.isolates ? "" : "SANDBOX_ENABLED=false", settings.yolo ? "YOLO_MODE=true" : ""].filter(
    (name) => name !== "",
  );
  for (const reason of off) {
    await audit.append({
      at: now().toISOString(),
      actor: "boot",
      action: "start.unprotected",
      subject: instanceId,
      reason,
      data: {},
    });
  }
}
