// A run whose end the consumer could not read, and its way back.
import { describe, expect, it } from "vitest";
import {
  abandonRun,
  advance,
  isFinished,
  owesCharge,
  redeliverRun,
  stopRun,
  toDeliveryState,
} from "../../src/runs/run.ts";
import { DAY } from "../support/clock.ts";
import { CALLBACK_TERMS, CHARGE_TERMS, FULL_TERMS } from "../support/terms.ts";
import {
  accepted,
  after,
  asAbandoned,
  asAccepted,
  asEnded,
  end,
  FAILED,
  OK,
  RULES,
  RUN_ID,
  T0,
  UNKNOWN,
  UNREACHABLE,
  WAITING,
} from "./observed.ts";

const abandoned = asAbandoned(abandonRun(accepted, CALLBACK_TERMS, "operator", T0 + DAY));

describe("a run that the upstream says it does not know", () => {
  const since = after(accepted, T0 + DAY, UNKNOWN);

  it("is abandoned after three days of that, however often it was asked", () => {
    expect(since).toEqual({ ...accepted, revision: 1, unknownSinceMs: T0 + DAY });
    expect(after(since, T0 + DAY + 259_199_999, UNKNOWN, UNKNOWN, UNKNOWN)).toBe(since);
    expect(after(since, T0 + DAY + 259_200_000, UNKNOWN)).toEqual({
      status: "abandoned",
      revision: 2,
      runId: RUN_ID,
      acceptedAtMs: T0,
      attempts: [],
      delivery: { kind: "dead", attempts: 0 },
      reason: "unknown_upstream",
      abandonedAtMs: T0 + DAY + 259_200_000,
      askedAtMs: null,
    });
  });

  it("and then shows it again goes on, and its three days begin anew", () => {
    const again = after(since, T0 + 3 * DAY, WAITING);
    expect(again).toEqual({ ...accepted, revision: 2 });
    expect(after(again, T0 + 5 * DAY, UNKNOWN).status).toBe("accepted");
  });

  it("is not taken to be known because it could not be asked in between", () => {
    const away = after(since, T0 + 2 * DAY, UNREACHABLE);
    expect(away).toMatchObject({ unknownSinceMs: T0 + DAY, unreachableSinceMs: T0 + 2 * DAY });
    expect(after(away, T0 + 4 * DAY, UNKNOWN)).toMatchObject({ reason: "unknown_upstream" });
  });
});

describe("a run whose upstream cannot be reached", () => {
  const since = after(accepted, T0 + DAY, UNREACHABLE);

  it("is abandoned after fourteen days of that", () => {
    expect(after(since, T0 + 15 * DAY - 1, UNREACHABLE)).toBe(since);
    expect(after(since, T0 + 15 * DAY, UNREACHABLE)).toMatchObject({
      status: "abandoned",
      reason: "unreachable",
      delivery: { kind: "dead", attempts: 0 },
    });
  });

  it.each([
    ["that it waits", WAITING],
    ["that there is no such run", UNKNOWN],
  ])("and once answers %s has fourteen days again", (_, seen) => {
    const heard = asAccepted(after(since, T0 + 14 * DAY, seen));
    expect(heard.unreachableSinceMs).toBeNull();
    expect(after(heard, T0 + 15 * DAY, UNREACHABLE).status).toBe("accepted");
  });

  it("loses no time to a lack of room", () => {
    expect(after(accepted, T0 + 100 * DAY, { kind: "crowded" })).toBe(accepted);
  });
});

describe("giving up", () => {
  it("a run whose end was never read abandons it, and what its receiver was owed is a dead letter", () => {
    expect(abandoned).toMatchObject({
      revision: 1,
      reason: "operator",
      abandonedAtMs: T0 + DAY,
      delivery: { kind: "dead", attempts: 0 },
    });
    expect([isFinished(abandoned), toDeliveryState(abandoned, CALLBACK_TERMS)]).toEqual([true, "dead"]);
    const quiet = abandonRun(accepted, CHARGE_TERMS, "operator", T0);
    expect([quiet.delivery, toDeliveryState(quiet, CHARGE_TERMS)]).toEqual([{ kind: "none" }, "none"]);
  });

  it("a run that has ended leaves its end and ends only its delivery", () => {
    const pending = asEnded(after(accepted, T0, end(FAILED)));
    expect(stopRun(pending, CALLBACK_TERMS, "poison", T0 + 1)).toEqual({
      ...pending,
      revision: 2,
      delivery: { kind: "dead", attempts: 1 },
    });
  });

  it.each([
    ["delivered", OK],
    ["aborted", { kind: "aborted", status: 410 } as const],
  ])("takes nothing from a run that is %s", (kind, outcome) => {
    const over = asEnded(after(accepted, T0, end(outcome)));
    expect(asEnded(stopRun(over, CALLBACK_TERMS, "operator", T0)).delivery).toEqual({ kind, attempts: 1 });
  });
});

describe("an abandoned run has a way back", () => {
  const asked = asAbandoned(redeliverRun(abandoned, T0 + 2 * DAY));

  it("its upstream is asked again, and its caller is told to wait", () => {
    expect(asked).toEqual({ ...abandoned, revision: 2, askedAtMs: T0 + 2 * DAY });
    expect([isFinished(asked), toDeliveryState(asked, CALLBACK_TERMS)]).toEqual([false, "waiting"]);
  });

  it("an upstream that knows it makes it accepted, since when it was", () => {
    expect(after(asked, T0 + 3 * DAY, WAITING)).toMatchObject({
      status: "accepted",
      revision: 3,
      acceptedAtMs: T0,
      unknownSinceMs: null,
    });
  });

  it("an end that is read is delivered from the first attempt on, and charged", () => {
    const run = advance(asked, FULL_TERMS, end(FAILED), RULES, { nowMs: T0 + 3 * DAY, random: 0.5 });
    expect(run).toMatchObject({
      status: "ended",
      result: "success",
      delivery: { kind: "pending", attempts: 1, scheduleAttempts: 1 },
    });
    expect(owesCharge(run, FULL_TERMS)).toBe(true);
  });

  it("goes on counting the attempts of the life before", () => {
    const dead = { ...asked, delivery: { kind: "dead", attempts: 3 } as const };
    expect(asEnded(after(dead, T0 + 3 * DAY, end(FAILED))).attempts).toMatchObject([{ number: 4 }]);
  });

  it("an upstream that still does not know it leaves it abandoned at once", () => {
    expect(after(asked, T0 + 2 * DAY, UNKNOWN)).toEqual({ ...abandoned, revision: 3 });
  });

  it("an upstream that cannot be asked is asked for an hour", () => {
    expect(after(asked, T0 + 2 * DAY + 3_599_999, UNREACHABLE)).toBe(asked);
    expect(after(asked, T0 + 2 * DAY + 3_600_000, UNREACHABLE)).toEqual({ ...abandoned, revision: 3 });
  });
});
