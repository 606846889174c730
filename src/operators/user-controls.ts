// An operator blocks a user or sets a limit for one, until a moment, or lifts that. A user may be blocked of whom the gate
// knows nothing yet: one whose token lifts the limit, and whose runs promise nothing, leaves no trace there.
import type { Operator } from "../auth/operator.ts";
import { GateClient } from "../gate/client.ts";
import { formatTime } from "../platform/date-time.ts";
import type { Control } from "../rate-limit/control.ts";
import type { Services } from "../services/services.ts";
import { type Acted, audited, newEntry } from "./audit.ts";
import type { AuditAction } from "./views.ts";

type ControlDeps = Pick<Services, "operatorsDb" | "gates">;

const ACTIONS: Record<Control["kind"], AuditAction> = { blocked: "block_user", limit: "limit_user" };

export function setControl(
  deps: ControlDeps,
  operator: Operator,
  userKey: string,
  control: Control,
): Promise<Acted> {
  const noted = newEntry(operator, ACTIONS[control.kind], userKey, describeControl(control));
  const stored = { v: 1, ...control, operator: operator.name, setAtMs: noted.at_ms } as const;
  return audited(deps.operatorsDb, noted, async () => {
    await GateClient.ofUser(deps.gates, userKey).setControl(stored);
    return { kind: "done" };
  });
}

/** `refused` when nothing is in force. */
export function liftControl(deps: ControlDeps, operator: Operator, userKey: string): Promise<Acted> {
  return audited(deps.operatorsDb, newEntry(operator, "lift_user", userKey), async () => {
    const wasInForce = await GateClient.ofUser(deps.gates, userKey).setControl(null);
    return wasInForce
      ? { kind: "done" }
      : { kind: "refused", detail: "No block and no limit of operators is in force for this user." };
  });
}

function describeControl(control: Control): string {
  const until = `until ${formatTime(control.untilMs)}`;
  switch (control.kind) {
    case "blocked":
      return until;
    case "limit":
      return `${control.limit} starts in ${control.windowMs / 1000} s, ${until}`;
  }
}
