import type { CANARY_PLACES } from "@mosaic/contracts";
import type { AuditLog, StateStore } from "@mosaic/store";
import type { Logger } from "@mosaic/telemetry";
import { type Canary, createCanary } from "./canary.ts";

export type CanaryPlace = (typeof CANARY_PLACES)[number];

const PLACES: Readonly<Record<CanaryPlace, string>> = {
  transcript: "in what it said or did",
  gateway: "in a request to the model",
  diff: "in its change",
  commit: "in a commit",
};

interface Subject {
  readonly agentId: string;
  readonly taskId: string;
}

/** One agent's canary, connected with the kill switch. */
export interface ArmedCanary extends Canary {
  /** Whether the text has the canary in it; if so the agent is being killed. */
  check(text: string, where: CanaryPlace): boolean;
  /** Kills the agent; from now on it may neither push nor write. Does not wait for the kill. */
  trip(where: CanaryPlace): void;
}

/** What kills agents whose canary turns up. */
export interface TripWire {
  /** Connects the kill switch; before that no canary can be armed. */
  connect(kill: KillSwitch): void;
  /** Makes an agent's canary. */
  arm(agent: Subject): ArmedCanary;
}

type KillSwitch = (agentId: string, order: { readonly by: string; readonly why: string }) => Promise<unknown>;

export interface TripWireOptions {
  readonly state: Pick<StateStore, "append">;
  readonly audit: Pick<AuditLog, "append">;
  readonly log: Pick<Logger, "error">;
  readonly now: () => Date;
  /** Random text of 128 bits or more, another one each time. */
  readonly random: () => string;
  readonly salt: string;
}

/** Trips once per agent; told as an event and audited. The value is in none of these. */
export function createTripWire(options: TripWireOptions): TripWire {
  const { state, audit, log, now } = options;
  let kill: KillSwitch | null = null;

  function trip({ agentId, taskId }: Subject, where: CanaryPlace): void {
    if (kill === null) throw new Error("the trip wire is not connected with the kill switch");
    const time = now().toISOString();
    const told = Promise.all([
      state.append([{ type: "agent.canary", time, subject: agentId, taskId, data: { where } }]),
      audit.append({
        at: time,
        actor: "system",
        action: "agent.canary",
        subject: agentId,
        reason: `its canary turned up ${PLACES[where]}`,
        data: { where, taskId },
      }),
    ]);
    const killed = kill(agentId, { by: "system", why: `canary: it turned up ${PLACES[where]}` });
    told.catch((error: unknown) => log.error({ agentId, err: error }, "a canary could not be recorded"));
    killed.catch((error: unknown) =>
      log.error({ agentId, err: error }, "an agent whose canary turned up could not be killed"),
    );
  }

  return {
    connect(killSwitch) {
      kill = killSwitch;
    },
    arm(agent) {
      const canary = createCanary({ random: options.random(), salt: options.salt });
      let tripped = false;
      const tripOnce = (where: CanaryPlace): void => {
        if (tripped) return;
        tripped = true;
        trip(agent, where);
      };
      return {
        ...canary,
        trip: tripOnce,
        check(text, where) {
          const found = canary.isIn(text);
          if (found) tripOnce(where);
          return found;
        },
      };
    },
  };
}
