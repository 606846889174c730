// Everything that the sandbox does on its own: partner calls, completions, clearing out. It is driven by the object's one
// alarm. A row is leased before the call, so a crash repeats a completion and never loses one. A partner call that was
// cut off is not repeated, since the sandbox cannot know whether it arrived: that run ends in an error.

import { nextAttemptAtMs, OUTGOING_LEASE_MS, postToPartner, sendCompletion } from "./completions.ts";
import { runBody } from "./run-report.ts";
import type { DueRun, RunStore } from "./run-store.ts";

/** Workers open six connections at a time; a seventh call would spend its time-out waiting for one. */
const MAX_UNDER_WAY = 6;

/** Proves completions to the gateway, whose setting of that name has it. */
export type OutgoingEnv = { COMPLETION_TOKEN?: string };

export class Outgoing {
  readonly #state: DurableObjectState;
  readonly #runs: RunStore;
  readonly #completionToken: string | null;
  #underWay = 0;

  constructor(state: DurableObjectState, runs: RunStore, { COMPLETION_TOKEN }: OutgoingEnv) {
    this.#state = state;
    this.#runs = runs;
    this.#completionToken = COMPLETION_TOKEN || null;
  }

  async moveDueRuns(): Promise<void> {
    const nowMs = Date.now();
    const free = MAX_UNDER_WAY - this.#underWay;
    for (const run of this.#runs.takeDue(free, nowMs, nowMs + OUTGOING_LEASE_MS)) {
      this.#underWay += 1;
      // Not awaited: one slow receiver must not hold up the others.
      this.#state.waitUntil(this.#moveOn(run));
    }
    await this.setAlarm();
  }

  /** While all hands are busy nothing can be taken: the next free one sets the alarm, and the lease is the safety net. */
  async setAlarm(): Promise<void> {
    const dueAtMs = this.#runs.nextDueAtMs();
    if (dueAtMs === null) return;
    const earliestMs = this.#underWay < MAX_UNDER_WAY ? 0 : Date.now() + OUTGOING_LEASE_MS;
    await this.#state.storage.setAlarm(Math.max(dueAtMs, earliestMs));
  }

  async #moveOn(run: DueRun): Promise<void> {
    try {
      await this.#doNext(run);
    } finally {
      this.#underWay -= 1;
      await this.setAlarm();
    }
  }

  async #doNext(run: DueRun): Promise<void> {
    switch (run.phase) {
      case "post":
        this.#runs.endPost(run.id, await postToPartner(run.url, run.body), Date.now());
        break;
      case "posting":
        this.#runs.endPost(run.id, { kind: "unreachable", detail: "The call was cut off." }, Date.now());
        break;
      case "push":
        await this.#push(run);
        break;
      case "kept":
        this.#runs.delete(run.id, Date.now());
        break;
    }
  }

  async #push({ id, report, callbackUrl, failedAttempts }: DueRun & { phase: "push" }): Promise<void> {
    const taken = await sendCompletion(callbackUrl, runBody(report), this.#completionToken);
    const nextAtMs = taken ? null : nextAttemptAtMs(failedAttempts + 1, Date.now());
    this.#runs.settlePush(id, nextAtMs);
    if (taken || nextAtMs !== null) return;
    console.warn(JSON.stringify({ event: "completion.abandoned", run_id: id, attempts: failedAttempts + 1 }));
  }
}
