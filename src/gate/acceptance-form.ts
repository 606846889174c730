import { memberOf } from "../platform/json.ts";
import type { Acceptance } from "./admission.ts";

/** Whether it is one, as the gateway writes it into a queue message of version 1: the gateway alone writes there. */
export function isAcceptance(value: unknown): value is Acceptance {
  const [runKey, attempt, outcome] = ["runKey", "attempt", "outcome"].map((name) => memberOf(value, name));
  return (
    typeof runKey === "string" && typeof attempt === "string" && memberOf(outcome, "kind") === "accepted"
  );
}
