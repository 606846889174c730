// A charge as the contract shows it, in every format.
import type { Charge } from "../gate/store/charges.ts";

const TASKS_A_RUN = 1;

export const CHARGE_COLUMNS = [
  "run_id",
  "stored_action_id",
  "charged_at",
  "tasks",
  "origin",
  "usage_type",
  "description",
  "exemption_reason",
  "exemption_details",
] as const;

export function chargeRow({ runId, storedActionId, chargedAtMs, billing }: Charge) {
  return {
    run_id: runId,
    stored_action_id: storedActionId,
    charged_at: new Date(chargedAtMs).toISOString(),
    tasks: TASKS_A_RUN,
    origin: billing.origin,
    usage_type: billing.usage_type,
    description: billing.description,
    exemption_reason: billing.exemption_reason,
    exemption_details: billing.exemption_details,
  } satisfies Record<(typeof CHARGE_COLUMNS)[number], string | number | null>;
}
