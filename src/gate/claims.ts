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

  /** Null: no request has named it in its 72 hours. An answer that is known counts, whatever the run's row says. */
  find(runKey: string, nowMs: number): Claim | null {
    const stored = this.#store.answers.find(runKey);
    const isSettled = stored?.status === "settled" && !isExpired(stored, nowMs);
    const claim = isSettled ? stored : (this.#runs.get(runKey)?.claim ?? stored);
    return claim === null || isExpired(claim, nowMs) ? null : claim;
  }

  /** Writes down what an admission takes on. */
  admit(
    claim: { runKey: string; taken: OpenClaim } | null,
    promise: { runKey: string; terms: Terms } | null,
    nowMs: number,
  ): void {
    const runKey = promise?.runKey ?? claim?.runKey;
    const open = runKey === undefined ? null : this.#runs.get(runKey);
    const taken = claim?.taken ?? null;
    if (open?.run.status === "forwarding") {
      // An earlier attempt may have started a run, however long ago.
      const retaken = taken && { ...taken, mayHaveRun: true };
      const retried = { ...open, claim: retaken, run: retryRun(open.run, nowMs) };
      return this.#runs.put(withAttempt(retried, promise?.terms ?? null), nowMs);
    }
    if (promise === null) {
      if (claim !== null) this.#store.answers.put(claim.runKey, claim.taken, nowMs);
      return;
    }
    // An earlier run of this id still has its end to tell.
    if (open !== null) this.#runs.rename(open);
    const run = beginRun(nowMs, open === null ? 0 : open.run.revision + 1);
    // An earlier attempt that promised nothing may be the one that runs.
    const attempts = taken?.mayHaveRun === true ? [null, promise.terms] : undefined;
    this.#runs.put({ ...promise, claim: taken, run, failures: 0, ...(attempts && { attempts }) }, nowMs);
    if (claim !== null) this.#store.answers.remove(claim.runKey);
  }

  /** The claim of an open run goes on without it, still unanswered. */
  keepOpen(runKey: string, nowMs: number): void {
    const claim = this.#runs.get(runKey)?.claim;
    if (claim != null && this.#store.answers.find(runKey)?.status !== "settled")
      this.#store.answers.put(runKey, { ...claim, mayHaveRun: true }, nowMs);
  }

  settle(runKey: string, settled: Settled, nowMs: number): void {
    this.#store.answers.put(runKey, { status: "settled", ...settled }, nowMs);
  }

  /** The upstream refused an attempt, or how it ended is not known. */
  endAttempt(
    runKey: string,
    hasClaim: boolean,
    attempt: string,
    kind: "refused" | "unknown",
    nowMs: number,
  ): void {
    const open = this.#runs.get(runKey);
    if (open?.run.status === "forwarding") {
      const claim = open.claim && endAttempt(open.claim, attempt, kind, nowMs);
      // It is another attempt's by now.
      if (claim !== null && claim === open.claim) return;
      const left = kind === "refused" ? withoutLatestAttempt(open) : open;
      if (claim !== null && left !== null) return this.#runs.put({ ...left, claim }, nowMs);
      if (kind === "unknown") return;
      // An earlier attempt, which promised nothing, may have started a run.
      if (claim !== null) this.#store.answers.put(runKey, claim, nowMs);
      return this.#runs.drop(runKey, nowMs);
    }
    const stored = hasClaim ? this.#store.answers.find(runKey) : null;
    if (stored?.status !== "open") return;
    const claim = endAttempt(stored, attempt, kind, nowMs);
    if (claim === null) this.#store.answers.remove(runKey);
    else if (claim !== stored) this.#store.answers.put(runKey, claim, nowMs);
  }
}
