// What a user's gate has on record, as rows that tests can compare.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { attemptError } from "../../src/gate/delivery-view.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";

const MANY = 10_000;

export type Records = Awaited<ReturnType<typeof readRecords>>;

/** Of one user: runs with a known id, open ones first, then by their end, the oldest first; their attempts; their charges. */
async function readRecords(gate: DurableObjectStub<UserGate>) {
  return runInDurableObject(gate, (object: UserGate) => {
    const { runs } = object.listRuns(null, MANY);
    const { charges } = object.usage({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: MANY });
    const charged = new Map(charges.map(({ runId, chargedAtMs }) => [runId, chargedAtMs]));
    const known = runs.toReversed();
    return {
      runs: known.map(({ terms, run, state, finishedAtMs }) => ({
        run_id: run.runId,
        user_key: terms.userKey,
        status: run.status,
        callback_url: terms.callbackUrl,
        accepted_at_ms: run.acceptedAtMs,
        ended_at_ms: run.status === "ended" ? run.endedAtMs : null,
        result: run.status === "ended" ? run.result : null,
        state,
        attempts: run.delivery.kind === "none" ? 0 : run.delivery.attempts,
        next_attempt_at_ms: run.delivery.kind === "pending" ? run.delivery.nextAtMs : null,
        charged_at_ms: charged.get(run.runId) ?? null,
        finished_at_ms: finishedAtMs,
      })),
      attempts: known.flatMap(({ run }) =>
        run.attempts.map((attempt) => ({
          run_id: run.runId,
          number: attempt.number,
          at_ms: attempt.atMs,
          status: attempt.outcome.status,
          duration_ms: attempt.durationMs,
          error: attemptError(attempt),
        })),
      ),
      charges: charges.map(({ chargedAtMs, runId, storedActionId, billing }) => {
        const { is_billable: _billable, ...rest } = billing;
        return { charged_at_ms: chargedAtMs, run_id: runId, stored_action_id: storedActionId, ...rest };
      }),
    };
  });
}

/** The same of several gates, by their ids. */
export async function recordsOfGates(ids: Iterable<string>): Promise<Records> {
  const { USER_GATE: gates } = env;
  const all = await Promise.all([...ids].map((id) => readRecords(gates.get(gates.idFromString(id)))));
  return {
    runs: all.flatMap(({ runs }) => runs),
    attempts: all.flatMap(({ attempts }) => attempts),
    charges: all.flatMap(({ charges }) => charges),
  };
}
