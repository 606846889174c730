import { describe, expect, it } from "vitest";
import { type Claim, type ClaimRequest, decideClaim, isExpired, settleClaim } from "../../src/gate/claim.ts";

const HOUR = 3_600_000;
const T0 = 1_000_000_000;
const ANSWER = { status: 202, body: '{"data":{"type":"run","id":"r1"}}' };
const OTHER_ANSWER = { status: 202, body: '{"data":{"type":"run","id":"r2"}}' };

/** Attempt a1 took it at T0, for fifteen seconds. */
const OPEN: Claim = {
  status: "open",
  fingerprint: "f1",
  claimedAtMs: T0,
  attempt: "a1",
  leaseExpiresAtMs: T0 + 15_000,
};
const SETTLED: Claim = { status: "settled", fingerprint: "f1", settledAtMs: T0, answer: ANSWER };

function request(members: Partial<ClaimRequest> = {}): ClaimRequest {
  return { id: "i1", attempt: "a2", fingerprint: "f1", leaseMs: 15_000, make: true, ...members };
}

describe("a request meets", () => {
  it("no claim: it takes the id", () => {
    expect(decideClaim(null, request(), T0)).toEqual({
      kind: "take",
      mismatch: false,
      claim: {
        status: "open",
        fingerprint: "f1",
        claimedAtMs: T0,
        attempt: "a2",
        leaseExpiresAtMs: T0 + 15_000,
      },
    });
  });

  it.each([
    { name: "at once", nowMs: T0 },
    { name: "in the lease's last millisecond", nowMs: T0 + 14_999 },
  ])("a claim in flight, $name: it waits until the lease ends", ({ nowMs }) => {
    expect(decideClaim(OPEN, request(), nowMs)).toEqual({ kind: "wait", untilMs: T0 + 15_000 });
  });

  it("a claim in flight, with another payload: it waits all the same", () => {
    expect(decideClaim(OPEN, request({ fingerprint: "f2" }), T0)).toEqual({
      kind: "wait",
      untilMs: T0 + 15_000,
    });
  });

  it("its own claim, because the answer to its first try got lost: it holds it", () => {
    expect(decideClaim(OPEN, request({ attempt: "a1" }), T0 + 10)).toEqual({ kind: "held", mismatch: false });
  });

  it("its own claim after the lease: it takes it again", () => {
    expect(decideClaim(OPEN, request({ attempt: "a1" }), T0 + 15_000).kind).toBe("take");
  });

  it("a lease that ran out: it takes the claim over, with the first payload and the first hour", () => {
    expect(decideClaim(OPEN, request({ fingerprint: "f2" }), T0 + 15_000)).toEqual({
      kind: "take",
      mismatch: true,
      claim: {
        status: "open",
        fingerprint: "f1",
        claimedAtMs: T0,
        attempt: "a2",
        leaseExpiresAtMs: T0 + 30_000,
        mayHaveRun: true,
      },
    });
  });

  it.each([
    { fingerprint: "f1", mismatch: false },
    { fingerprint: "f2", mismatch: true },
  ])("a settled claim of f1 with the payload $fingerprint: a replay, mismatch $mismatch", (row) => {
    expect(decideClaim(SETTLED, request({ fingerprint: row.fingerprint }), T0 + 71 * HOUR)).toEqual({
      kind: "replay",
      answer: ANSWER,
      mismatch: row.mismatch,
    });
  });

  it.each([
    { name: "settled", claim: SETTLED },
    { name: "open", claim: OPEN },
  ])("a claim that was $name 72 hours ago: the id starts anew", ({ claim }) => {
    const nowMs = T0 + 72 * HOUR;
    expect(decideClaim(claim, request({ fingerprint: "f2" }), nowMs)).toEqual({
      kind: "take",
      mismatch: false,
      claim: {
        status: "open",
        fingerprint: "f2",
        claimedAtMs: nowMs,
        attempt: "a2",
        leaseExpiresAtMs: nowMs + 15_000,
      },
    });
  });
});

describe("a try ends", () => {
  const accepted = { kind: "accepted", answer: ANSWER, runId: "r1" } as const;
  const refused = { kind: "refused" } as const;
  const unknown = { kind: "unknown" } as const;
  const takenOver: Claim = { ...OPEN, attempt: "a2", leaseExpiresAtMs: T0 + 30_000 };
  const settledLater: Claim = { ...SETTLED, settledAtMs: T0 + 20_000 };

  it.each([
    { name: "accepted: settled with the answer", before: OPEN, outcome: accepted, after: settledLater },
    { name: "refused: released", before: OPEN, outcome: refused, after: null },
    {
      name: "unknown: kept, free for the next one at once",
      before: OPEN,
      outcome: unknown,
      after: { ...OPEN, leaseExpiresAtMs: T0 + 20_000, mayHaveRun: true },
    },
    {
      name: "refused, after an earlier one that may have started a run: kept, free for the next one at once",
      before: { ...OPEN, mayHaveRun: true } as const,
      outcome: refused,
      after: { ...OPEN, leaseExpiresAtMs: T0 + 20_000, mayHaveRun: true },
    },
    {
      name: "accepted late, after another took over: a run exists, so it is settled",
      before: takenOver,
      outcome: accepted,
      after: settledLater,
    },
    { name: "refused late: fenced", before: takenOver, outcome: refused, after: takenOver },
    { name: "unknown late: fenced", before: takenOver, outcome: unknown, after: takenOver },
    { name: "refused after it was settled: fenced", before: SETTLED, outcome: refused, after: SETTLED },
    { name: "unknown after it was settled: fenced", before: SETTLED, outcome: unknown, after: SETTLED },
    {
      name: "accepted twice: the first answer stays",
      before: SETTLED,
      outcome: { kind: "accepted", answer: OTHER_ANSWER, runId: "r2" } as const,
      after: SETTLED,
    },
    { name: "accepted after the claim was dropped: nothing", before: null, outcome: accepted, after: null },
    { name: "refused twice: nothing", before: null, outcome: refused, after: null },
  ])("$name", ({ before, outcome, after }) => {
    expect(settleClaim(before, "a1", outcome, T0 + 20_000)).toEqual(after);
  });
});

describe("72 hours", () => {
  it.each([
    { name: "open", claim: OPEN },
    { name: "settled", claim: SETTLED },
  ])("a claim that is $name ends exactly then", ({ claim }) => {
    expect(isExpired(claim, T0 + 72 * HOUR - 1)).toBe(false);
    expect(isExpired(claim, T0 + 72 * HOUR)).toBe(true);
  });
});
