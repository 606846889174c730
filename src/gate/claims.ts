// Where a claim on an idempotency id stands: in the row of its run while its answer is unknown, among the answers
// afterwards; one of a start that promises nothing else, among the answers from the first.
import { type Claim, endAttempt, isExpired, type OpenClaim, type Settled } from "../runs/claim.ts";
import { withAttempt, withoutLatestAttempt } from "../runs/open-run.ts";
import { beginRun, retryRun } from "../runs/run.ts";
import type { Terms } from "../runs/terms.ts";
import type { Runs } from "./runs.ts";
import type { GateStore } from "./store/gate-store.ts";

export class Claims {
  readonly #store: GateStore;
  readonly #runs: Runs;

  constructor(store: GateStore, runs: Runs) {
    this.#store = store;
    this.#runs = runs;
  }

  /** Null: no request has named it in its 72 hours. */
  find(id: string, nowMs: number): Claim | null {
    const claim = this.#runs.get(id)?.claim ?? this.#store.answers.find(id);
    return claim === null || isExpired(claim, nowMs) ? null : claim;
  }

  /** Writes down what an admission takes on. Says whether a run was begun. */
  admit(
    claim: { id: string; taken: OpenClaim } | null,
    promise: { runKey: string; terms: Terms } | null,
    nowMs: number,
  ): boolean {
    const runKey = promise?.runKey ?? claim?.id;
    const open = runKey === undefined ? null : this.#runs.get(runKey);
    const taken = claim?.taken ?? null;
    if (open?.run.status === "forwarding") {
      // An earlier attempt may have started a run, however long ago.
      const retaken = taken && { ...taken, mayHaveRun: true };
      const retried = { ...open, claim: retaken, run: retryRun(open.run, nowMs) };
      this.#runs.put(withAttempt(retried, promise?.terms ?? null), nowMs);
      return false;
    }
    if (open !== null && open.claim !== null && taken !== null) {
      // A completion named its run; what it is promised in the end, the answer to this attempt decides.
      this.#runs.changeClaim(withAttempt(open, promise?.terms ?? null), taken);
      return false;
    }
    if (promise === null) {
      if (claim !== null) this.#store.answers.put(claim.id, claim.taken, nowMs);
      return false;
    }
    // An earlier run of this id still has its end to tell.
    if (open !== null) this.#runs.rename(open);
    const run = beginRun(nowMs, open === null ? 0 : open.run.revision + 1);
    // An earlier attempt that promised nothing may be the one that runs.
    const attempts = taken?.mayHaveRun === true ? [null, promise.terms] : undefined;
    this.#runs.put({ ...promise, claim: taken, run, failures: 0, ...(attempts && { attempts }) }, nowMs);
    if (claim !== null) this.#store.answers.remove(claim.id);
    return true;
  }

  /** The claim of an open run goes on without it, still unanswered. */
  keepOpen(runKey: string, nowMs: number): void {
    const claim = this.#runs.get(runKey)?.claim;
    if (claim != null) this.#store.answers.put(runKey, { ...claim, mayHaveRun: true }, nowMs);
  }

  settle(id: string, settled: Settled, nowMs: number): void {
    this.#store.answers.put(id, { status: "settled", ...settled }, nowMs);
  }

  /** The upstream refused an attempt, or how it ended is not known. `runKey` is the claim's id when there is one. */
  endAttempt(
    runKey: string,
    claimId: string | null,
    attempt: string,
    kind: "refused" | "unknown",
    nowMs: number,
  ): void {
    const open = this.#runs.get(runKey);
    if (open?.run.status === "forwarding") {
      const claim = open.claim && endAttempt(open.claim, attempt, kind, nowMs);
      if (claim === null && kind === "refused") this.#runs.drop(runKey, nowMs);
      else if (claim !== open.claim)
        this.#runs.put({ ...(kind === "refused" ? withoutLatestAttempt(open) : open), claim }, nowMs);
      return;
    }
    if (open !== null && open.claim !== null) {
      const claim = endAttempt(open.claim, attempt, kind, nowMs);
      if (claim !== open.claim) this.#runs.changeClaim(open, claim);
      return;
    }
    const stored = claimId === null ? null : this.#store.answers.find(claimId);
    if (claimId === null || stored?.status !== "open") return;
    const claim = endAttempt(stored, attempt, kind, nowMs);
    if (claim === null) this.#store.answers.remove(claimId);
    else if (claim !== stored) this.#store.answers.put(claimId, claim, nowMs);
  }
}
