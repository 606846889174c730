import { describe, expect, it } from "vitest";
import {
  abandonRun,
  advance,
  type Ended,
  hintRun,
  isFinished,
  type Observation,
  owesCharge,
  type Run,
  redeliverRun,
  retryRun,
  toDeliveryState,
} from "../../src/runs/run.ts";
import {
  accepted,
  after,
  asAbandoned,
  asEnded,
  end,
  FAILED,
  forwarding,
  OK,
  RULES,
  RUN_ID,
  T0,
  UNKNOWN,
  UNREACHABLE,
  WAITING,
} from "../gate/observed.ts";
import { DAY } from "../support/clock.ts";
import { CALLBACK_TERMS, CHARGE_TERMS, FULL_TERMS } from "../support/terms.ts";

const abandoned = asAbandoned(abandonRun(accepted, CALLBACK_TERMS, "operator", T0 + DAY));

describe("a start in flight", () => {
  it("is waited for for fourteen days", () => {
    expect(forwarding).toEqual({
      status: "forwarding",
      revision: 0,
      abandonAtMs: T0 + 1_209_600_000,
      hintedRunId: null,
    });
  });

  it("that another attempt took over is waited for as long again", () => {
    const retried = { ...forwarding, revision: 1, abandonAtMs: T0 + DAY + 1_209_600_000 };
    expect(retryRun(forwarding, T0 + DAY)).toEqual(retried);
  });

  it("keeps the id that a completion names, and once told changes no more", () => {
    const hinted = hintRun(forwarding, RUN_ID);
    expect(hinted).toEqual({ ...forwarding, revision: 1, hintedRunId: RUN_ID });
    expect(hintRun(hinted, RUN_ID)).toBe(hinted);
  });

  it.each([
    ["does not know the run", UNKNOWN],
    ["cannot be asked", UNREACHABLE],
    ["was not asked, for want of room", { kind: "crowded" } as const],
  ])("stays as it is when the upstream %s", (_, seen) => {
    const hinted = hintRun(forwarding, RUN_ID);
    expect(after(hinted, T0 + 10 * DAY, seen)).toBe(hinted);
  });

  it("is accepted when the upstream knows the run, though its answer was lost", () => {
    expect(after(hintRun(forwarding, RUN_ID), T0 + 5_000, WAITING)).toEqual({
      status: "accepted",
      revision: 2,
      runId: RUN_ID,
      acceptedAtMs: T0 + 5_000,
      attempts: [],
      delivery: { kind: "none" },
      unknownSinceMs: null,
      unreachableSinceMs: null,
    });
  });

  it("has ended when its end is read first", () => {
    const run = asEnded(after(hintRun(forwarding, RUN_ID), T0 + 5_000, end(OK, { readAgoMs: 100 })));
    expect(run).toMatchObject({ revision: 2, runId: RUN_ID, endedAtMs: T0 + 4_900, result: "success" });
    expect(run.delivery).toEqual({ kind: "delivered", attempts: 1 });
  });
});

describe("an accepted run", () => {
  it("that is found waiting is the same run: nothing is to be written", () => {
    expect(after(accepted, T0 + 2_000, WAITING, WAITING)).toBe(accepted);
  });

  it("whose end is read has ended when it was read, by the gate's clock", () => {
    const seen = end(FAILED, { readAgoMs: 300, bodyKept: true });
    const attempt = { outcome: FAILED, agoMs: 200, durationMs: 150 };
    const once = { attempts: 1, scheduleAttempts: 1 };
    expect(after(accepted, T0 + 9_000, { ...seen, attempt } as Observation)).toEqual({
      status: "ended",
      revision: 1,
      runId: RUN_ID,
      acceptedAtMs: T0,
      attempts: [{ number: 1, atMs: T0 + 8_800, durationMs: 150, outcome: FAILED }],
      delivery: { kind: "pending", ...once, nextAtMs: T0 + 14_000, deferredSinceMs: null },
      endedAtMs: T0 + 8_700,
      result: "success",
      chargedAtMs: null,
      bodyKept: true,
    });
  });

  it("is finished once its end is delivered, and one without a callback as soon as its end is read", () => {
    expect(isFinished(accepted)).toBe(false);
    expect(isFinished(after(accepted, T0, end(FAILED)))).toBe(false);
    expect(isFinished(after(accepted, T0, end(OK)))).toBe(true);
    const quiet = asEnded(advance(accepted, CHARGE_TERMS, end(null), RULES, { nowMs: T0, random: 0 }));
    expect([quiet.delivery, isFinished(quiet)]).toEqual([{ kind: "none" }, true]);
  });
});

describe("forward only: a run that has ended", () => {
  const pending = asEnded(after(accepted, T0, end(FAILED)));

  it.each([WAITING, UNKNOWN, UNREACHABLE, { kind: "crowded" } as const])(
    "is not changed by $kind",
    (seen) => {
      expect(after(pending, T0 + 30 * DAY, seen)).toBe(pending);
    },
  );

  it("keeps its first end, whatever a later read says of it", () => {
    const late = end(OK, { result: "error", runId: "another", readAgoMs: 5 });
    expect(after(pending, T0 + DAY, late)).toMatchObject({
      revision: 2,
      runId: RUN_ID,
      result: "success",
      endedAtMs: T0,
      delivery: { kind: "delivered", attempts: 2 },
    });
  });

  it("and was delivered makes no attempt count any more", () => {
    const delivered = after(accepted, T0, end(OK));
    const later = asEnded(after(delivered, T0 + DAY, end(FAILED)));
    expect([later.delivery, later.attempts.length]).toEqual([{ kind: "delivered", attempts: 1 }, 1]);
  });

  it("shows its latest hundred attempts", () => {
    let run: Run = accepted;
    for (let schedule = 0; schedule < 50; schedule += 1) {
      run = after(run, T0, end(FAILED), end(FAILED), end(FAILED));
      run = redeliverRun(asEnded(run), T0);
    }
    const { attempts, delivery } = asEnded(run);
    expect([attempts.length, attempts.at(0)?.number, attempts.at(-1)?.number]).toEqual([100, 51, 150]);
    expect(delivery).toMatchObject({ attempts: 150, scheduleAttempts: 0 });
  });
});

describe("sending an end again", () => {
  it("starts the schedule anew and goes on counting", () => {
    const dead = asEnded(after(accepted, T0, end(FAILED), end(FAILED), end(FAILED)));
    expect(dead.delivery).toEqual({ kind: "dead", attempts: 3 });
    const anew = { attempts: 3, scheduleAttempts: 0, nextAtMs: T0 + DAY, deferredSinceMs: null };
    const delivery = { kind: "pending", ...anew };
    expect(redeliverRun(dead, T0 + DAY)).toEqual({ ...dead, revision: 4, delivery });
  });

  it("charges nothing twice", () => {
    const charged: Ended = { ...asEnded(after(accepted, T0, end(OK))), chargedAtMs: T0 };
    expect(owesCharge(redeliverRun(charged, T0 + DAY), FULL_TERMS)).toBe(false);
  });
});

describe("a charge", () => {
  it.each([
    ["a billable success", CHARGE_TERMS, "success", true],
    ["a billable failure", CHARGE_TERMS, "error", false],
    ["a success that is not billable", CALLBACK_TERMS, "success", false],
  ] as const)("of %s", (_, terms, result, isOwed) => {
    const run = advance(accepted, terms, end(null, { result }), RULES, { nowMs: T0, random: 0 });
    expect(owesCharge(run, terms)).toBe(isOwed);
  });

  it("is not owed by a run whose end was not read", () => {
    for (const run of [forwarding, accepted, abandoned]) expect(owesCharge(run, FULL_TERMS)).toBe(false);
  });
});

describe("what a caller is told of a delivery", () => {
  it.each<[string, Run, string]>([
    ["not ended", accepted, "waiting"],
    ["refused by its receiver", after(accepted, T0, end(FAILED)), "retrying"],
    ["acknowledged", after(accepted, T0, end(OK)), "delivered"],
    ["never wanted again", after(accepted, T0, end({ kind: "aborted", status: 410 })), "aborted"],
    ["refused to the last", after(accepted, T0, end(FAILED), end(FAILED), end(FAILED)), "dead"],
    ["abandoned", abandoned, "dead"],
  ])("a run that is %s: %s", (_, run, state) => {
    if (run.status === "forwarding") throw new Error("it is known");
    expect(toDeliveryState(run, CALLBACK_TERMS)).toBe(state);
    expect(toDeliveryState(run, { callbackUrl: null })).toBe("none");
  });
});
