// Promise 1 against a second count, written down from the contract's words alone: any interleaving of callers, caps and
// window lengths, evictions and clock steps, at the real object. An eviction loses nothing: the platform lets a write
// that is under way end, and so what is written behind, too. (A crash may lose the last fifth of a second; that is
// another test's: exact-limit.test.ts.)
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Admission, ReadCount } from "../../src/gate/admission.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import type { ClaimRequest } from "../../src/runs/claim.ts";
import { stopClock, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { FULL_TERMS } from "../support/terms.ts";
import {
  BACK_OVER_A_WEEK,
  type Command,
  CUT_AND_DROPPED,
  command,
  ENDED_AND_OPEN_AGAIN,
  NEXT_WEEK,
  type Start,
  USERS,
} from "./window-commands.ts";
import { ReferenceUser, type Rule, type Verdict } from "./window-reference.ts";

beforeEach(() => {
  stopClock();
  // The clock stands still, so a fifth of a second passes as soon as the code waits for it.
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((_ms, options) => wait(1, options));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

type Subject = {
  gate: DurableObjectStub<UserGate>;
  reference: ReferenceUser;
  /** Made, and not taken back yet. */
  mistakes: (() => Promise<void>)[];
  /** Keys of runs, which are their ids too. */
  open: string[];
  ended: string[];
};

async function obey(subject: Subject, given: Command): Promise<void> {
  const { gate, reference } = subject;
  const nowMs = Date.now();
  switch (given.do) {
    case "start":
      return startBoth(subject, given.start);
    case "burst": {
      const asked = given.rules.map((window) => gate.admit({ window, claim: null, promise: null }));
      const expected = given.rules.map((window) => reference.start(window, null, nowMs));
      expect((await Promise.all(asked)).map(toVerdict)).toEqual(expected);
      return;
    }
    case "mistake":
      return mistake(subject, given.rule);
    case "learn":
      return subject.mistakes.shift()?.();
    case "finish":
      return finish(subject);
    case "redeliver":
      return redeliver(subject);
    case "read":
      expect(ofRead(await gate.countRead(given.rule))).toEqual(reference.reads.count(given.rule, nowMs));
      return;
    case "evict":
      // One that does not run cannot be evicted.
      await gate.ping();
      return evict(gate);
    case "step":
      vi.setSystemTime(nowMs + given.byMs);
      return;
    case "end":
      if (Number.isFinite(reference.runs.endsAtMs))
        vi.setSystemTime(reference.runs.endsAtMs + given.besideMs);
  }
}

async function startBoth(subject: Subject, { rule: window, id, promised, ends }: Start) {
  const { gate, reference } = subject;
  const attempt = crypto.randomUUID();
  const isGood = ends !== "malformed";
  const claim = id === null ? null : claimOn(id, attempt, isGood);
  const runKey = id ?? attempt;
  const terms = promised && isGood ? FULL_TERMS : null;
  const admission = await gate.admit({ window, claim, promise: terms && { runKey, terms } });
  expect(toVerdict(admission)).toEqual(reference.start(window, id, Date.now()));
  if (admission.kind !== "admitted" || !isGood) return;
  const outcome =
    ends === "accepted" ? ({ kind: ends, answer: ANSWER, runId: runKey } as const) : { kind: ends };
  await gate.settle({
    runKey,
    attempt,
    claim: claim && { fingerprint: "same" },
    terms,
    outcome,
  });
  if (ends !== "accepted") return;
  if (id !== null) reference.answeredIds.add(id);
  if (terms !== null) subject.open.push(runKey);
}

async function finish({ gate, open, ended }: Subject) {
  const [runKey] = open;
  if (runKey === undefined) return;
  const message = { runKey, notified: true, hintedRunId: runKey, isAlone: false, leaseMs: 1 };
  const taken = await gate.take(message, null, RULES);
  // A redelivery that is due later, because the clock has stepped back.
  if (taken.kind !== "leased") return;
  const attempt = { outcome: { kind: "acknowledged", status: 204 }, agoMs: 0, durationMs: 1 } as const;
  const end = { kind: "ended", runId: runKey, result: "success", readAgoMs: 0, bodyKept: false } as const;
  await gate.report(runKey, taken.run.revision, { ...end, attempt, deferral: null }, RULES);
  ended.push(...open.splice(0, 1));
}

async function redeliver({ gate, open, ended }: Subject) {
  const [runId] = ended.splice(0, 1);
  if (runId === undefined) return;
  expect(await gate.redeliver(runId)).toMatchObject({ kind: "started" });
  open.push(runId);
}

async function mistake({ gate, reference, mistakes }: Subject, window: Rule | null) {
  const id = crypto.randomUUID();
  const admission = await gate.admit({ window, claim: claimOn(id, id, true), promise: null });
  expect(toVerdict(admission)).toEqual(reference.start(window, id, Date.now()));
  if (admission.kind !== "admitted") return;
  const resetAtMs = admission.view?.resetAtMs ?? null;
  const counted = reference.runs.mistake();
  mistakes.push(async () => {
    // Such a window is known by its end: one that was cut meanwhile keeps the mistake.
    if (counted.isCut()) return;
    const settled = { fingerprint: "same", settledAtMs: Date.now(), answer: ANSWER };
    await gate.learn({ runKey: id, attempt: id }, settled, resetAtMs);
    if (window !== null) counted.takeBack();
  });
}

function claimOn(id: string, attempt: string, mayCreate: boolean): ClaimRequest {
  return { runKey: id, attempt, fingerprint: "same", path: "/run", leaseMs: 15_000, mayCreate };
}

function toVerdict(admission: Admission): Verdict {
  const { view } = admission;
  switch (admission.kind) {
    case "admitted":
      return { kind: "passes", view };
    case "replay":
      return { kind: "replays", view };
    case "limited":
      return { kind: "refused", view, retryAfterSeconds: admission.retryAfterSeconds };
    case "busy":
    case "conflict":
    case "full":
    case "blocked":
      throw new Error(`nothing is in flight, no operator acts, and there is room: ${admission.kind}`);
  }
}

/** Later tests read every gate there is. */
async function forget(gate: DurableObjectStub<UserGate>): Promise<void> {
  await runInDurableObject(gate, (_gate, { storage }) => storage.deleteAll());
  await evict(gate);
}

/** A read that passes has no use for a Retry-After. */
function ofRead({ admitted, view, retryAfterSeconds }: ReadCount): Verdict {
  return admitted ? { kind: "passes", view } : { kind: "refused", view, retryAfterSeconds };
}

const ANSWER = { status: 202, body: "{}" };
const RULES = { pollSchedule: [2], retrySchedule: [5] };
test("whatever callers, deploys, evictions and the clock do, the gate counts as the contract says", async () => {
  const commands = fc.array(command, { maxLength: 40, size: "max" });
  await fc.assert(
    fc.asyncProperty(commands, fc.constantFrom(T0, NEXT_WEEK - 30_000), async (given, fromMs) => {
      vi.setSystemTime(fromMs);
      const subjects = Array.from({ length: USERS }, () => ({
        gate: env.USER_GATE.getByName(crypto.randomUUID()),
        reference: new ReferenceUser(),
        mistakes: [],
        open: [],
        ended: [],
      }));
      for (const one of given) {
        const subject = subjects[one.user];
        if (subject !== undefined) await obey(subject, one);
      }
      for (const { gate } of subjects) await forget(gate);
    }),
    {
      numRuns: 40,
      examples: [
        [CUT_AND_DROPPED, T0],
        [ENDED_AND_OPEN_AGAIN, T0],
        [BACK_OVER_A_WEEK, NEXT_WEEK - 30_000],
      ],
    },
  );
});
