// Promise 1 against a second count, written down from the contract's words alone: any interleaving of callers, caps and
// window lengths, evictions and clock steps, at the real object. An eviction loses nothing: the platform lets a write
// that is under way end, and so what is written behind, too. (A crash may lose the last fifth of a second; that is
// another test's: exact-limit.test.ts.)
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Admission, ReadCount } from "../../src/gate/admission.ts";
import type { Intent } from "../../src/gate/intent.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { stopClock, T0 } from "../support/clock.ts";
import { evict } from "../support/evict.ts";
import { ReferenceUser, type Rule, type Verdict } from "./window-reference.ts";

const TIMEOUT_MS = 60_000;

beforeEach(() => {
  stopClock();
  // The clock stands still, so a fifth of a second passes as soon as somebody waits for it.
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((_ms, options) => wait(1, options));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

type Start = {
  rule: Rule | null;
  id: string | null;
  /** With a callback: its row carries the count along. */
  promised: boolean;
  /** `malformed`: it starts nothing. */
  ends: "accepted" | "refused" | "malformed";
};

type Command = { user: number } & (
  | { do: "start"; start: Start }
  | { do: "burst"; rules: (Rule | null)[] }
  /** KV knows the answer to its id. */
  | { do: "mistake"; rule: Rule | null }
  | { do: "withdraw" }
  | { do: "read"; rule: Rule }
  | { do: "evict" }
  | { do: "step"; byMs: number }
  /** Onto the end of the user's window, or next to it. */
  | { do: "end"; besideMs: number }
);

const USERS = 2;
const IDS = ["0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", "1b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c12"];

/** The default, two overrides, and what a deploy makes of them. */
const rule: fc.Arbitrary<Rule> = fc
  .tuple(fc.constantFrom(2, 3, 3, 3, 5), fc.constantFrom(300_000, 300_000, 300_000, 60_000, 1_500))
  .map(([limit, windowMs]) => ({ limit, windowMs }));
const ruleOrExempt = fc.option(rule, { freq: 8, nil: null });
const user = fc.nat({ max: USERS - 1 });
const start = fc.record<Start>({
  rule: ruleOrExempt,
  id: fc.option(fc.constantFrom(...IDS), { nil: null }),
  promised: fc.boolean(),
  ends: fc.constantFrom("accepted", "refused", "malformed"),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("start"), user, start }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("burst"),
      user,
      rules: fc.array(ruleOrExempt, { minLength: 2, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("mistake"), user, rule: ruleOrExempt }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("withdraw"), user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("read"), user, rule }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("evict"), user }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("step"),
      user,
      byMs: fc.oneof(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: -2_000, max: -1 })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("end"), user, besideMs: fc.constantFrom(-1, 0, 0, 1) }),
  },
);

type Subject = {
  gate: DurableObjectStub<UserGate>;
  reference: ReferenceUser;
  /** Made, and not taken back yet. */
  mistakes: (() => Promise<void>)[];
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
      expect((await Promise.all(asked)).map(verdictOf)).toEqual(expected);
      return;
    }
    case "mistake":
      return mistake(subject, given.rule);
    case "withdraw":
      return subject.mistakes.shift()?.();
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

async function startBoth({ gate, reference }: Subject, { rule: window, id, promised, ends }: Start) {
  const attempt = crypto.randomUUID();
  const isGood = ends !== "malformed";
  const claim = id === null ? null : { id, attempt, fingerprint: "same", leaseMs: 15_000, make: isGood };
  const key = id ?? attempt;
  const promise = promised && isGood ? { key, intent, rules: RULES } : null;
  const admission = await gate.admit({ window, claim, promise });
  expect(verdictOf(admission)).toEqual(reference.start(window, id, Date.now()));
  if (admission.kind !== "admitted" || !isGood) return;
  const outcome =
    ends === "accepted" ? ({ kind: ends, answer: ANSWER, runId: key } as const) : { kind: ends };
  await gate.settle(key, attempt, outcome, RULES);
  if (id !== null && ends === "accepted") reference.answeredIds.add(id);
}

async function mistake({ gate, reference, mistakes }: Subject, window: Rule | null) {
  const id = crypto.randomUUID();
  const claim = { id, attempt: id, fingerprint: "same", leaseMs: 15_000, make: true };
  const admission = await gate.admit({ window, claim, promise: null });
  expect(verdictOf(admission)).toEqual(reference.start(window, id, Date.now()));
  if (admission.kind !== "admitted") return;
  const resetAtMs = admission.view?.resetAtMs ?? null;
  const counted = reference.runs.mistake();
  mistakes.push(async () => {
    // Such a window is known by its end: one that was cut meanwhile keeps the mistake.
    if (counted.isCut()) return;
    await gate.withdraw(id, id, resetAtMs, admission.began);
    if (window !== null) counted.takeBack();
  });
}

function verdictOf(admission: Admission): Verdict {
  const { view } = admission;
  switch (admission.kind) {
    case "admitted":
      return { kind: "passes", view };
    case "replay":
      return { kind: "replays", view };
    case "limited":
      return { kind: "refused", view, retryAfterSeconds: admission.retryAfterSeconds };
    case "busy":
      throw new Error("nothing is in flight");
  }
}

/** A read that passes has no use for a Retry-After. */
function ofRead({ admitted, view, retryAfterSeconds }: ReadCount): Verdict {
  return admitted ? { kind: "passes", view } : { kind: "refused", view, retryAfterSeconds };
}

const ANSWER = { status: 202, body: "{}" };
const RULES = { pollSchedule: [2], retrySchedule: [5] };
const intent: Intent = {
  v: 1,
  userKey: "user",
  issuer: "https://login.example",
  subject: "alice",
  scopes: ["external"],
  billing: {
    is_billable: true,
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

/** A read's window is made shorter; its only newer copy goes with a row, after that window's end. */
const CUT_AND_DROPPED: Command[] = [
  { do: "read", user: 1, rule: { limit: 2, windowMs: 300_000 } },
  { do: "start", user: 1, start: { rule: null, id: null, promised: true, ends: "accepted" } },
  { do: "read", user: 1, rule: { limit: 2, windowMs: 1_500 } },
  { do: "step", user: 1, byMs: 1_500 },
  {
    do: "start",
    user: 1,
    start: { rule: null, id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", promised: false, ends: "refused" },
  },
  { do: "evict", user: 1 },
  { do: "read", user: 1, rule: { limit: 2, windowMs: 300_000 } },
];

/** A window's only copy goes with a row at that window's end, and then the clock steps back. */
const ENDED_AND_OPEN_AGAIN: Command[] = [
  {
    do: "start",
    user: 1,
    start: { rule: { limit: 2, windowMs: 300_000 }, id: null, promised: false, ends: "accepted" },
  },
  { do: "end", user: 1, besideMs: 0 },
  { do: "start", user: 1, start: { rule: null, id: null, promised: true, ends: "refused" } },
  { do: "evict", user: 1 },
  { do: "step", user: 0, byMs: -1 },
  {
    do: "start",
    user: 1,
    start: { rule: { limit: 2, windowMs: 300_000 }, id: null, promised: false, ends: "accepted" },
  },
];

test(
  "whatever callers, deploys, evictions and the clock do, the gate counts as the contract says",
  async () => {
    const commands = fc.array(command, { maxLength: 40, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, async (given) => {
        vi.setSystemTime(T0);
        const subjects = Array.from({ length: USERS }, () => ({
          gate: env.USER_GATE.getByName(crypto.randomUUID()),
          reference: new ReferenceUser(),
          mistakes: [],
        }));
        for (const one of given) {
          const subject = subjects[one.user];
          if (subject !== undefined) await obey(subject, one);
        }
      }),
      { numRuns: 40, examples: [[CUT_AND_DROPPED], [ENDED_AND_OPEN_AGAIN]] },
    );
  },
  TIMEOUT_MS,
);
