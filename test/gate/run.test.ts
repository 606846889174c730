import { describe, expect, it } from "vitest";
import type { Attempt, AttemptOutcome } from "../../src/callbacks/attempt.ts";
import type { Intent } from "../../src/gate/intent.ts";
import {
  acceptRun,
  advance,
  beginRun,
  buryRun,
  type EndedRun,
  isAbandoned,
  isFinished,
  type Run,
  type RunRules,
  revivedRun,
  type Sighting,
} from "../../src/gate/run.ts";

const RUN_ID = "7d6ff3a1-0c1e-4c55-8f43-5b7a5a4b7c11";
const rules: RunRules = { pollSchedule: [2, 4, 8], retrySchedule: [5, 300] };

const billing = {
  is_billable: false,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

const intent: Intent = {
  v: 1,
  userKey: "user",
  issuer: "https://login.example",
  subject: "alice",
  scopes: ["external"],
  billing,
  target: { kind: "one_off" },
  callbackUrl: "https://client.example/hook",
  publicUrl: "https://edge.example",
};
const billable: Intent = { ...intent, callbackUrl: null, billing: { ...billing, is_billable: true } };

const accepted = acceptRun(beginRun(rules, 1_000), RUN_ID, rules, 2_000);

function ended(
  run: Run,
  outcome: AttemptOutcome | null,
  more: Partial<Sighting & { kind: "ended" }> = {},
): Sighting {
  const number = run.status === "ended" && run.delivery.kind === "pending" ? run.delivery.made + 1 : 1;
  const attempt: Attempt | null = outcome && { number, atMs: 10_000, durationMs: 7, outcome };
  const stamp = { revision: run.revision, atMs: 10_000, random: 0.5 };
  const seen = {
    kind: "ended",
    runId: RUN_ID,
    result: "success",
    endedAtMs: 10_000,
    attempt,
    putOff: null,
    bodyKept: false,
    booked: true,
  } as const;
  return { ...stamp, ...seen, ...more };
}

const ok: AttemptOutcome = { kind: "acknowledged", status: 204 };
const failed: AttemptOutcome = {
  kind: "failed",
  status: 500,
  failure: "status is no 2xx",
  retryAfterSeconds: null,
};

function asAccepted(run: Run): Run & { status: "accepted" } {
  if (run.status !== "accepted") throw new Error(`the run is ${run.status}`);
  return run;
}

function asEnded(run: Run): EndedRun {
  if (run.status !== "ended") throw new Error(`the run is ${run.status}`);
  return run;
}

describe("a run moves forward", () => {
  it("from forwarding to accepted, looked at after the first pause", () => {
    expect(beginRun(rules, 1_000)).toEqual({
      status: "forwarding",
      revision: 0,
      dueAtMs: 3_000,
      giveUpAtMs: 3_601_000,
      named: null,
    });
    expect(accepted).toEqual({
      status: "accepted",
      revision: 0,
      dueAtMs: 4_000,
      runId: RUN_ID,
      acceptedAtMs: 2_000,
      seenAtMs: 2_000,
      looks: 0,
      unknownLooks: 0,
    });
  });

  it("and a late yes does not take back what was seen since", () => {
    const run = advance(accepted, intent, ended(accepted, ok), rules);
    expect(acceptRun(run, "another", rules, 99_000)).toBe(run);
  });

  it.each([
    [1, 8_000],
    [2, 16_000],
    [3, 24_000],
  ])("after look %i that found it waiting, the next one is due at %i", (looks, dueAtMs) => {
    let run: Run = accepted;
    for (let look = 0; look < looks; look += 1) run = advance(run, intent, waiting(run), rules);
    expect(run.dueAtMs).toBe(dueAtMs);
  });

  it.each<[string, (run: Run) => Sighting, number]>([
    ["waiting", (run) => waiting(run, 3_999), 3_999],
    ["unknown", (run) => unseen(run, true, 3_999), 2_000],
  ])("and a look before its time that finds it %s takes none of the timer's away", (_, seen, seenAtMs) => {
    const run = advance(accepted, intent, seen(accepted), rules);
    expect(run).toEqual({ ...accepted, revision: 1, seenAtMs });
  });

  it("is named by a look when nobody heard the answer to its start", () => {
    const unanswered = beginRun(rules, 1_000);
    const run = advance(
      unanswered,
      intent,
      { revision: 0, kind: "waiting", runId: RUN_ID, atMs: 5_000, random: 0 },
      rules,
    );
    expect(run).toEqual({
      status: "accepted",
      revision: 1,
      dueAtMs: 9_000,
      runId: RUN_ID,
      acceptedAtMs: 5_000,
      seenAtMs: 5_000,
      looks: 1,
      unknownLooks: 0,
    });
  });

  it("is finished once it is delivered and booked", () => {
    const run = asEnded(advance(accepted, intent, ended(accepted, ok), rules));
    expect(run.delivery).toEqual({ kind: "delivered", made: 1 });
    expect(isFinished(run)).toBe(true);
  });

  it("owes the books an entry when they refused it, the attempt and the charge with it", () => {
    const both = { ...billable, callbackUrl: intent.callbackUrl };
    const run = asEnded(advance(accepted, both, ended(accepted, ok, { booked: false }), rules));
    expect(isFinished(run)).toBe(false);
    expect(run.unbooked).toMatchObject({ run: true, charge: true, tries: 1 });
    expect(run.unbooked.attempts).toHaveLength(1);
    expect(run.dueAtMs).toBe(20_000);
    const booked = asEnded(advance(run, both, ended(run, null), rules));
    expect(booked.unbooked).toEqual({ run: false, charge: false, attempts: [], tries: 0 });
    expect(isFinished(booked)).toBe(true);
  });
});

describe("a failed attempt", () => {
  it("is followed by the next one on schedule", () => {
    const run = asEnded(advance(accepted, intent, ended(accepted, failed, { bodyKept: true }), rules));
    expect(run.delivery).toEqual({
      kind: "pending",
      made: 1,
      tries: 1,
      nextAtMs: 15_000,
      restedSinceMs: null,
    });
    expect(run).toMatchObject({ dueAtMs: 15_000, bodyKept: true });
  });

  it("after the last of the schedule leaves a dead letter", () => {
    let run: Run = accepted;
    for (let attempt = 0; attempt < 3; attempt += 1) run = advance(run, intent, ended(run, failed), rules);
    expect(asEnded(run).delivery).toEqual({ kind: "dead", made: 3 });
    expect(isFinished(run)).toBe(true);
  });

  it("is not followed by another when the receiver wants no more", () => {
    const run = asEnded(advance(accepted, intent, ended(accepted, { kind: "aborted", status: 410 }), rules));
    expect(run.delivery).toEqual({ kind: "aborted", made: 1 });
  });
});

/** The run at a look at which its host rests for half a minute more. */
function rested(run: Run, atMs = run.dueAtMs, random = 0.5): EndedRun {
  const putOff = { untilMs: atMs + 30_000, why: "rest" } as const;
  return asEnded(advance(run, intent, ended(run, null, { atMs, random, putOff }), rules));
}

describe("an attempt that is put off", () => {
  const rest = { untilMs: 40_000, why: "rest" } as const;
  it("by a rest of its host is not counted", () => {
    const run = asEnded(advance(accepted, intent, ended(accepted, null, { putOff: rest }), rules));
    const delivery = { kind: "pending", made: 0, tries: 0, nextAtMs: 41_500, restedSinceMs: 10_000 };
    expect(run).toMatchObject({ delivery, dueAtMs: 41_500 });
    expect(run.unbooked.attempts).toEqual([]);
  });

  it("asks again the later the longer it has waited, within ten minutes of the rest's end", () => {
    const pauses = [];
    let run = rested(accepted, 10_000, 0.999);
    for (let look = 0; look < 6; look += 1) {
      const atMs = run.dueAtMs;
      run = rested(run, atMs, 0.999);
      pauses.push(Math.round((run.dueAtMs - atMs) / 1000));
    }
    expect(pauses).toEqual([63, 126, 252, 503, 629, 629]);
  });

  it("until the next one is due, and for an hour at least, counts as one that failed", () => {
    let run = rested(accepted, 10_000);
    run = rested(run, 3_609_999);
    expect(run.delivery).toMatchObject({ made: 0, restedSinceMs: 10_000 });
    const seen = ended(run, null, {
      atMs: 3_610_000,
      booked: false,
      putOff: { ...rest, untilMs: 3_640_000 },
    });
    run = asEnded(advance(run, intent, seen, rules));
    expect(run.delivery).toMatchObject({ kind: "pending", made: 1, tries: 1, restedSinceMs: 3_610_000 });
    expect(run.unbooked.attempts).toEqual([
      {
        number: 1,
        atMs: 3_610_000,
        durationMs: 0,
        outcome: { kind: "failed", status: null, failure: "host stayed down", retryAfterSeconds: null },
      },
    ]);
  });

  it("for the length of a longer pause counts when that is over", () => {
    const slow = { ...rules, retrySchedule: [7_200] };
    const first = asEnded(advance(accepted, intent, ended(accepted, null, { putOff: rest }), slow));
    const at = (atMs: number) =>
      asEnded(advance(first, intent, ended(first, null, { atMs, putOff: rest }), slow));
    expect(at(7_209_999).delivery).toMatchObject({ made: 0 });
    expect(at(7_210_000).delivery).toMatchObject({ made: 1 });
  });

  it("at every turn ends as a dead letter when the schedule is over", () => {
    let run: EndedRun = rested(accepted, 10_000);
    const made = [];
    while (run.delivery.kind === "pending") {
      made.push(run.delivery.made);
      run = rested(run);
    }
    expect([...new Set(made)]).toEqual([0, 1, 2]);
    expect(run.delivery).toEqual({ kind: "dead", made: 3 });
    // Three attempts, an hour each, and a look.
    expect(run.dueAtMs / 60_000).toBeGreaterThan(180);
    expect(run.dueAtMs / 60_000).toBeLessThan(192);
  });

  it("by a lack of room costs nothing, however long that is", () => {
    let run: Run = accepted;
    for (let look = 0; look < 10_000; look += 1) {
      const atMs = run.dueAtMs;
      const putOff = { untilMs: atMs + 5_000, why: "room" } as const;
      run = advance(run, intent, ended(run, null, { atMs, putOff }), rules);
      expect(run.dueAtMs).toBe(atMs + 6_500);
    }
    expect(asEnded(run).delivery).toMatchObject({ made: 0, restedSinceMs: null });
  });

  it("and made at last has a pause of the schedule before the next one", () => {
    const run = rested(rested(accepted, 10_000));
    const next = asEnded(advance(run, intent, ended(run, failed, { atMs: 90_000 }), rules));
    expect(next.delivery).toEqual({
      kind: "pending",
      made: 1,
      tries: 1,
      nextAtMs: 95_000,
      restedSinceMs: null,
    });
  });
});

describe("a charge", () => {
  it.each([
    ["a billable success", billable, "success", true],
    ["a billable failure", billable, "error", false],
    ["a success that is not billable", intent, "success", false],
  ] as const)("of %s", (_name, of, result, charge) => {
    const run = asEnded(advance(accepted, of, ended(accepted, null, { result, booked: false }), rules));
    expect(run.unbooked.charge).toBe(charge);
  });
});

describe("reports on an older state change nothing", () => {
  it.each(["waiting", "unseen", "ended"] as const)("%s", (kind) => {
    const run = advance(accepted, intent, ended(accepted, failed), rules);
    const stamp = { revision: run.revision - 1, atMs: 20_000, random: 0 };
    const late: Record<typeof kind, Sighting> = {
      waiting: { ...stamp, kind: "waiting", runId: RUN_ID },
      unseen: { ...stamp, kind: "unseen", unknown: true },
      ended: ended(run, ok, { revision: run.revision - 1 }),
    };
    expect(advance(run, intent, late[kind], rules)).toBe(run);
  });
});

function waiting(run: Run, atMs = run.dueAtMs): Sighting {
  return { revision: run.revision, kind: "waiting", runId: RUN_ID, atMs, random: 0 };
}

function unseen(run: Run, unknown: boolean, atMs = run.dueAtMs): Sighting {
  return { revision: run.revision, kind: "unseen", unknown, atMs, random: 0 };
}

describe("a run that nobody sees", () => {
  it("that the upstream does not know at eight looks is a dead letter", () => {
    let run: Run = accepted;
    for (let look = 0; look < 7; look += 1) run = advance(run, intent, unseen(run, true), rules);
    expect(run.status).toBe("accepted");
    run = advance(run, intent, unseen(run, true), rules);
    expect(asEnded(run)).toMatchObject({ result: null, delivery: { kind: "dead", made: 0 } });
    expect(isFinished(run)).toBe(false);
  });

  it("for once, after looks that found it waiting, goes on: the upstream has known it", () => {
    let run: Run = accepted;
    for (let look = 0; look < 30; look += 1) run = advance(run, intent, waiting(run), rules);
    for (let look = 0; look < 7; look += 1) run = advance(run, intent, unseen(run, true), rules);
    run = advance(run, intent, waiting(run), rules);
    expect(advance(run, intent, unseen(run, true), rules).status).toBe("accepted");
  });

  it("because the upstream is down is looked at for seven days", () => {
    let run: Run = accepted;
    for (let look = 0; look < 20; look += 1) run = advance(run, intent, unseen(run, false), rules);
    expect(run.status).toBe("accepted");
    expect(advance(run, intent, unseen(run, false, 2_000 + 604_800_000), rules).status).toBe("ended");
  });

  it.each([
    ["at a look of the timer's", 700_000_000],
    ["at a look before its time", 700_000_001],
  ])("is looked at for seven days since the upstream showed it last, %s", (_, dueAtMs) => {
    const run = advance({ ...accepted, dueAtMs }, intent, waiting(accepted, 700_000_000), rules);
    expect(advance(run, intent, unseen(run, false, 1_304_799_999), rules).status).toBe("accepted");
    expect(advance(run, intent, unseen(run, false, 1_304_800_000), rules).status).toBe("ended");
  });

  it("of whom it was not kept when that was is looked at for seven days since it was accepted", () => {
    const { seenAtMs: _, ...run } = asAccepted(accepted);
    expect(advance(run, intent, unseen(run, false, 604_801_999), rules).status).toBe("accepted");
    expect(advance(run, intent, unseen(run, false, 604_802_000), rules).status).toBe("ended");
  });

  it("and whose start was never answered is given up after an hour", () => {
    const run = beginRun(rules, 1_000);
    expect(isAbandoned(run, 3_600_999)).toBe(false);
    expect(isAbandoned(run, 3_601_000)).toBe(true);
  });
});

describe("telling it again", () => {
  it("starts the schedule anew and goes on counting", () => {
    const known = {
      runId: RUN_ID,
      acceptedAtMs: 1,
      endedAtMs: 2,
      result: "success",
      revision: 7,
      made: 10,
    } as const;
    const run = revivedRun(known, 50_000);
    expect(run).toMatchObject({
      revision: 8,
      dueAtMs: 50_000,
      delivery: { kind: "pending", made: 10, tries: 0, nextAtMs: 50_000 },
    });
    const next = asEnded(advance(run, intent, ended(run, failed), rules));
    expect(next.delivery).toEqual({
      kind: "pending",
      made: 11,
      tries: 1,
      nextAtMs: 15_000,
      restedSinceMs: null,
    });
  });

  it("a buried run keeps its end and loses only what was owed", () => {
    const run = asEnded(advance(accepted, intent, ended(accepted, failed), rules));
    expect(buryRun(run, intent, 60_000).delivery).toEqual({ kind: "dead", made: 1 });
    const done = asEnded(advance(accepted, intent, ended(accepted, ok, { booked: false }), rules));
    expect(buryRun(done, intent, 60_000).delivery).toEqual({ kind: "delivered", made: 1 });
  });
});
