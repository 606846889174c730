// An honest upstream on bad days: it starts one run for one idempotency id, whatever else becomes of the request, ends
// each as planned, and pushes its end, if it is one that pushes, until the gateway answers 202.
import { setTimeout as sleep } from "node:timers/promises";
import { Upstream, type UpstreamFault, type UpstreamRequest, type UpstreamRun } from "../support/upstream.ts";
import { pauseMs } from "./patience.ts";
import { type Plan, type PlannedRun, TRAITS, troubleAt } from "./plan.ts";
import type { Timeline } from "./timeline.ts";

type Inputs = { run: number };

/** One run as the upstream has it. `isHeard`: a push of its end was answered 202. */
type Executed = { run: UpstreamRun; number: number; isHeard: boolean; isReadSince: boolean };

const PAYMENT_REQUIRED = 402;
const never = new Promise<void>(() => undefined);

export class ChaosUpstream {
  readonly #executed: Executed[] = [];
  readonly #upstream: Upstream;
  readonly #plan: Plan;
  readonly #timeline: Timeline;
  #isClosed = false;

  private constructor(upstream: Upstream, plan: Plan, timeline: Timeline) {
    this.#upstream = upstream;
    this.#plan = plan;
    this.#timeline = timeline;
    upstream.fault = (request) => this.#fault(request);
    upstream.beforeAnswer = (run) => this.#beforeAnswer(run);
    upstream.answered = (run) => timeline.note("the upstream's 202 has left", parseNumber(run));
  }

  static async listen(plan: Plan, timeline: Timeline): Promise<ChaosUpstream> {
    return new ChaosUpstream(await Upstream.listen(), plan, timeline);
  }

  get url(): string {
    return this.#upstream.url;
  }

  executed(): readonly Executed[] {
    return this.#executed;
  }

  /**
   * Stands in for the one thing that production's queue does and the local one does not: a push that was answered 202
   * waits there, durably, until it is consumed, while a kill empties the local queue. It matters only where nothing but
   * that push knows the run's id, because the gateway never saw the answer to its start. So those pushes that no read
   * has followed are made once more after a restart, and none for a run whose caller was answered 202: the gateway has to
   * remember that one by itself.
   */
  notifyMissed(isAccepted: (number: number) => boolean): void {
    for (const executed of this.#executed) {
      const { isHeard, isReadSince, number } = executed;
      if (isHeard && !isReadSince && !isAccepted(number)) void this.#push(executed, "again, for the queue");
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#upstream.close();
  }

  #fault({ runId, body }: UpstreamRequest): UpstreamFault | null {
    const number = runId === null ? startedNumber(body) : this.#noteRead(runId);
    const trouble = this.#trouble();
    if (trouble === 503 || trouble === "hang" || trouble === "reset") {
      this.#inject(`${runId === null ? "start" : "read"} ${trouble}`, number);
      return trouble;
    }
    const planned = runId === null && number !== null ? this.#plan.runs[number] : undefined;
    return planned !== undefined && TRAITS[planned.kind].end === "refused" ? PAYMENT_REQUIRED : null;
  }

  #noteRead(runId: string): number | null {
    const executed = this.#executed.find(({ run }) => run.id === runId);
    if (executed === undefined) return null;
    executed.isReadSince = executed.isHeard;
    return executed.number;
  }

  async #beforeAnswer(run: UpstreamRun): Promise<void> {
    const number = parseNumber(run);
    const planned = this.#planned(number);
    this.#timeline.note(
      `the upstream was asked to start it, ${run.starts}× under ${run.idempotencyId}`,
      number,
    );
    if (run.starts === 1) void this.#live(run, planned);
    const trouble = this.#trouble();
    if (trouble === "starts, then hangs") {
      this.#inject(trouble, number);
      return never;
    }
    if (trouble === "starts, then breaks" || run.starts <= planned.brokenAnswers) {
      this.#inject("starts, then breaks", number);
      throw new Error("the connection breaks");
    }
    await sleep(planned.answerAfterMs);
  }

  async #live(run: UpstreamRun, planned: PlannedRun): Promise<void> {
    const executed = { run, number: planned.number, isHeard: false, isReadSince: false };
    this.#executed.push(executed);
    await sleep(planned.endAfterMs);
    this.#upstream.end(run, TRAITS[planned.kind].end === "error" ? "error" : "success");
    this.#timeline.note(`it ended as ${run.id}`, planned.number);
    if (planned.push === "never" || run.completionUrl === "") return;
    if (planned.push === "late") await sleep(planned.pushAfterMs);
    const pushes = planned.push === "twice" ? 2 : 1;
    await Promise.all(Array.from({ length: pushes }, () => this.#push(executed, planned.push)));
  }

  async #push(executed: Executed, how: string): Promise<void> {
    for (let attempts = 0; !this.#isClosed; attempts++) {
      // A read may be quicker than the answer to the push that caused it.
      executed.isReadSince = false;
      const status = await this.#upstream.push(executed.run).catch(() => null);
      if (status === 202) {
        executed.isHeard = true;
        return this.#timeline.note(`its push (${how}) was answered 202`, executed.number);
      }
      this.#timeline.note(`its push (${how}) got ${status ?? "no answer"}`, executed.number);
      await sleep(pauseMs(attempts));
    }
  }

  #trouble() {
    return troubleAt(this.#plan.upstream, this.#timeline.nowMs);
  }

  #inject(what: string, number: number | null): void {
    this.#timeline.count(`upstream ${what}`);
    this.#timeline.note(`the upstream: ${what}`, number);
  }

  #planned(number: number): PlannedRun {
    const planned = this.#plan.runs[number];
    if (planned === undefined) throw new Error(`no run ${number} is planned`);
    return planned;
  }
}

function parseNumber({ inputs }: UpstreamRun): number {
  const { run }: Inputs = Object(inputs);
  return run;
}

function startedNumber(body: string): number {
  const { data }: { data: { inputs: Inputs } } = JSON.parse(body);
  return data.inputs.run;
}
