// Runs of many users whose one receiver is down, by the gateway's own rules (src/gate/run.ts, src/callbacks/): what is due
// asks the host's breaker; a rest puts it off, a permission is an attempt that fails. Arithmetic only.
import type { AttemptOutcome } from "../../src/callbacks/attempt.ts";
import { type Breaker, CLOSED, mayTry, type Permission, report } from "../../src/callbacks/breaker.ts";
import type { Intent } from "../../src/gate/intent.ts";
import { acceptRun, advance, beginRun, isFinished, type Run, type RunRules } from "../../src/gate/run.ts";

/** `CALLBACK_RETRY_SCHEDULE`, in seconds. */
const RULES: RunRules = {
  pollSchedule: [2],
  retrySchedule: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
};
const HOUR_MS = 3_600_000;
const FAILED: AttemptOutcome = {
  kind: "failed",
  status: 500,
  failure: "status is no 2xx",
  retryAfterSeconds: null,
};
const INTENT: Intent = {
  v: 1,
  userKey: "user",
  issuer: "https://login.example",
  subject: "alice",
  scopes: [],
  billing: {
    is_billable: false,
    origin: "actions_api",
    usage_type: "action_run",
    description: "an action was run via Actions API",
    exemption_reason: null,
    exemption_details: null,
  },
  target: { kind: "one_off" },
  callbackUrl: "https://client.example/hook",
  publicUrl: "https://edge.example",
};

export type DeadHost = {
  /** Messages of the queue, each with all that a look costs. */
  looksInAnHour: number;
  attemptsInAnHour: number;
  /** All that were sent, by the end of the span. */
  attempts: number;
  /** Dead letters by the end of the span. */
  dead: number;
  lastDeadMs: number | null;
};

/** The first `spanMs` of so many runs, a hundred of which end in each second. */
export function deadHost(runs: number, spanMs: number, random: () => number): DeadHost {
  const seen: DeadHost = { looksInAnHour: 0, attemptsInAnHour: 0, attempts: 0, dead: 0, lastDeadMs: null };
  const due = new Agenda();
  const all = Array.from({ length: runs }, () => acceptRun(beginRun(RULES, 0), "run", RULES, 0));
  let breaker: Breaker = CLOSED;
  for (let run = 0; run < runs; run++) due.add(run, Math.round(random() * 10 * runs));
  for (let next = due.take(); next !== null && next.atMs < spanMs; next = due.take()) {
    const { run: name, atMs } = next;
    const [after, permission] = mayTry(breaker, atMs);
    const goes = permission.kind === "go";
    breaker = goes ? report(after, false, atMs, String(name)) : after;
    const isEarly = atMs < HOUR_MS;
    if (isEarly) seen.looksInAnHour++;
    if (isEarly && goes) seen.attemptsInAnHour++;
    if (goes) seen.attempts++;
    const run = looked(all[name], permission, atMs, random());
    all[name] = run;
    if (!isFinished(run)) due.add(name, run.dueAtMs);
    else {
      seen.dead++;
      seen.lastDeadMs = atMs;
    }
  }
  return seen;
}

function looked(run: Run | undefined, permission: Permission, atMs: number, random: number): Run {
  if (run === undefined) throw new Error("no such run");
  const made = run.status === "ended" && run.delivery.kind === "pending" ? run.delivery.made : 0;
  const attempt = { number: made + 1, atMs, durationMs: 0, outcome: FAILED };
  const told =
    permission.kind === "go"
      ? { attempt, putOff: null }
      : { attempt: null, putOff: { untilMs: permission.untilMs, why: "rest" as const } };
  const end = { runId: "run", result: "success", endedAtMs: atMs, bodyKept: true, booked: true } as const;
  return advance(
    run,
    INTENT,
    { kind: "ended", revision: run.revision, atMs, random, ...end, ...told },
    RULES,
  );
}

/** The same every time. */
export function dice(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    return state / 0x80_00_00_00;
  };
}

type Due = { run: number; atMs: number };

/** The earliest first. */
class Agenda {
  readonly #heap: Due[] = [];

  add(run: number, atMs: number): void {
    const heap = this.#heap;
    let at = heap.push({ run, atMs }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#at(parent) <= this.#at(at)) return;
      this.#swap(parent, at);
      at = parent;
    }
  }

  take(): Due | null {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const least = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(least) >= this.#at(at)) return;
      this.#swap(least, at);
      at = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    const [a, b] = [heap[one], heap[other]];
    if (a === undefined || b === undefined) return;
    heap[one] = b;
    heap[other] = a;
  }
}
