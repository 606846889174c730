// Charges in a user's gate, as many as a test needs, by the calls that a run's life is made of.
import { runInDurableObject } from "cloudflare:test";
import type { Billing } from "../../src/auth/caller.ts";
import { buildUserKey } from "../../src/auth/caller.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import type { Terms } from "../../src/runs/terms.ts";
import { ACTION, type Gateway, ORIGIN } from "./gateway.ts";
import { BILLING, CHARGE_TERMS } from "./terms.ts";

/** `oneOff`: of no stored action. */
export type ToCharge = { runId?: string; billing?: Partial<Billing>; oneOff?: boolean };

const RULES = { pollSchedule: [1], retrySchedule: [1] };

/** Charges one run after the other. Answers with their ids, in that order. */
export async function charge(
  gateway: Gateway,
  subject: string,
  charges: readonly ToCharge[],
): Promise<string[]> {
  const { issuer } = gateway.issuer;
  const userKey = await buildUserKey(issuer, subject);
  return runInDurableObject(await gateway.gateOf(subject), async (gate: UserGate) => {
    const runIds: string[] = [];
    for (const { runId = crypto.randomUUID(), billing = {}, oneOff = false } of charges) {
      const target: Terms["target"] = oneOff
        ? { kind: "one_off" }
        : { kind: "stored", storedActionId: ACTION };
      const whose = { userKey, issuer, subject, billing: { ...BILLING, ...billing } };
      await end(gate, runId, { ...CHARGE_TERMS, ...whose, target, publicUrl: ORIGIN });
      runIds.push(runId);
    }
    return runIds;
  });
}

async function end(gate: UserGate, runId: string, terms: Terms): Promise<void> {
  const runKey = crypto.randomUUID();
  const outcome = { kind: "accepted", answer: { status: 202, body: "" }, runId } as const;
  await gate.settle({ runKey, attempt: "", claim: null, terms, outcome });
  const message = { runKey, notified: true, hintedRunId: null, isAlone: false, leaseMs: 1_000 };
  const taken = await gate.take(message, null, RULES);
  if (taken.kind !== "leased") throw new Error("the run is not handed out");
  const nothing = { readAgoMs: 0, bodyKept: false, attempt: null, deferral: null };
  const seen = { kind: "ended", runId, result: "success", ...nothing } as const;
  await gate.report(runKey, taken.run.revision, seen, RULES);
}
