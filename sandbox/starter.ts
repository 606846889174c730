// What happens to a start: known already, refused, or accepted. It is called inside one transaction and never waits.

import type { AccountStore, Arrival } from "./account-store.ts";
import { type Action, findAction, oneOffAction, wellKnownAction } from "./actions.ts";
import { type Problem, problem } from "./errors.ts";
import { members } from "./raw-json.ts";
import { parseStart, type StartRequest } from "./requests.ts";
import type { RunStore } from "./run-store.ts";

/** Who starts what: the stored action, who pays, and the id that the gateway's caller chose. */
type Start = { id: ActionId; billable: boolean; callersId: string | null };

/** A stored action's id, or null: one-off runs. */
export type ActionId = string | null;

export type Accepted = { kind: "accepted"; runId: string; answers: Action["answers"] };

const OUT_OF_TASKS = problem("payment_required", "Insufficient tasks on account.");
const UNKNOWN_ACTION = problem("not_found", "There is no such stored action.");

export class Starter {
  readonly #account: AccountStore;
  readonly #runs: RunStore;

  constructor(account: AccountStore, runs: RunStore) {
    this.#account = account;
    this.#runs = runs;
  }

  start(id: ActionId, billable: boolean, arrival: Arrival, nowMs: number): Accepted | Problem {
    this.#account.recordArrival(arrival);
    const request = parseStart(arrival.body);
    if (request.kind === "problem") return request;
    const action = this.#action(id, request);
    if (!action) return UNKNOWN_ACTION;
    return (
      this.#repeated(request, nowMs) ??
      this.#judged({ id, billable, callersId: findCallersId(arrival) }, request, action, nowMs)
    );
  }

  takeCharges(nowMs: number): void {
    const taken = this.#runs.takeCharges(nowMs);
    if (taken > 0) this.#account.setTasks(this.#account.tasks() - taken);
  }

  /** A start under an id that has a run already: it gets that run, whatever else it says. */
  #repeated({ idempotencyId }: StartRequest, nowMs: number): Accepted | null {
    const runId = idempotencyId === null ? null : this.#runs.knownStart(idempotencyId).runId;
    if (idempotencyId === null || runId === null) return null;
    this.#runs.countStart(idempotencyId, runId, nowMs);
    // The answer to the first one was lost or late; a caller that asks again learns what became of it.
    return { kind: "accepted", runId, answers: "normally" };
  }

  #judged(
    { id: actionId, billable, callersId }: Start,
    request: StartRequest,
    action: Action,
    nowMs: number,
  ): Accepted | Problem {
    const { inputs, page, callbackUrl, idempotencyId } = request;
    const earlierStarts = idempotencyId === null ? 0 : this.#runs.knownStart(idempotencyId).starts;
    const verdict = action.judge({ setting: this.#settings(actionId, inputs), page, earlierStarts });
    if (verdict.kind === "refused") {
      if (verdict.counts && idempotencyId !== null) this.#runs.countStart(idempotencyId, null, nowMs);
      return verdict.problem;
    }
    this.takeCharges(nowMs);
    if (billable && this.#account.tasks() === 0) return OUT_OF_TASKS;
    const { pushes, answers } = action;
    const { work, lastsMs } = verdict;
    const runId = crypto.randomUUID();
    const ids = { id: runId, actionId, idempotencyId, callersId };
    this.#runs.add({ ...ids, work, lastsMs, inputs, billable, pushes, callbackUrl }, nowMs);
    if (idempotencyId !== null) this.#runs.countStart(idempotencyId, runId, nowMs);
    return { kind: "accepted", runId, answers };
  }

  #action(id: ActionId, { actionKey }: StartRequest): Action | undefined {
    if (id === null) return oneOffAction(actionKey);
    const stored = this.#account.action(id);
    return stored ? findAction(stored.action) : wellKnownAction(id);
  }

  /** A stored action's params are what its inputs leave out. */
  #settings(id: ActionId, inputs: string): (name: string) => string | undefined {
    const given = members(inputs);
    const preset = members((id === null ? undefined : this.#account.action(id)?.params) ?? "{}");
    return (name) => given.get(name) ?? preset.get(name);
  }
}

function findCallersId({ headers }: Arrival): string | null {
  const id = headers["x-idempotency-id"];
  return typeof id === "string" ? id : null;
}
