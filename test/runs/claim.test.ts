import { describe, expect, it } from "vitest";
import {
  type Claim,
  type ClaimRequest,
  decideClaim,
  endAttempt,
  isExpired,
  type OpenClaim,
} from "../../src/runs/claim.ts";
import { HOUR } from "../support/clock.ts";

const T0 = 1_000_000_000;
const ANSWER = { status: 202, body: '{"data":{"type":"run","id":"r1"}}' };

/** Attempt a1 took it at T0, for fifteen seconds. */
const OPEN: OpenClaim = {
  status: "open",
  fingerprint: "f1",
  path: "/run",
  claimedAtMs: T0,
  attempt: "a1",
  leaseExpiresAtMs: T0 + 15_000,
};
const SETTLED: Claim = { status: "settled", fingerprint: "f1", settledAtMs: T0, answer: ANSWER };

function request(members: Partial<ClaimRequest> = {}): ClaimRequest {
  const usual = { runKey: "i1", attempt: "a2", fingerprint: "f1", path: "/run", leaseMs: 15_000 };
  return { ...usual, mayCreate: true, ...members };
}

describe("a request meets", () => {
  it("no claim: it takes the id", () => {
    expect(decideClaim(null, request(), T0)).toEqual({
      kind: "take",
      mismatch: false,
      claim: { ...OPEN, attempt: "a2" },
    });
  });

  it.each([
    { name: "at once", given: {}, nowMs: T0 },
    { name: "in the lease's last millisecond", given: {}, nowMs: T0 + 14_999 },
    { name: "with another payload", given: { fingerprint: "f2" }, nowMs: T0 },
  ])("a claim in flight, $name: it waits until the lease ends", ({ given, nowMs }) => {
    expect(decideClaim(OPEN, request(given), nowMs)).toEqual({ kind: "wait", untilMs: T0 + 15_000 });
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
      claim: { ...OPEN, attempt: "a2", leaseExpiresAtMs: T0 + 30_000, mayHaveRun: true },
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
  ])("a claim that was $name 72 hours ago, exactly: the id starts anew", ({ claim }) => {
    expect(isExpired(claim, T0 + 72 * HOUR - 1)).toBe(false);
    const nowMs = T0 + 72 * HOUR;
    expect(isExpired(claim, nowMs)).toBe(true);
    const anew = { claimedAtMs: nowMs, attempt: "a2", leaseExpiresAtMs: nowMs + 15_000 };
    expect(decideClaim(claim, request({ fingerprint: "f2" }), nowMs)).toEqual({
      kind: "take",
      mismatch: false,
      claim: { ...OPEN, ...anew, fingerprint: "f2" },
    });
  });
});

describe("a request for another action meets", () => {
  const other = request({ path: "/another", fingerprint: "f2" });
  const unanswered: Claim = { ...OPEN, leaseExpiresAtMs: T0 + 1, mayHaveRun: true };

  it("an id whose answer is not known: a conflict, however the first attempt ended", () => {
    expect(decideClaim(OPEN, other, T0 + 15_000)).toEqual({ kind: "conflict" });
    expect(decideClaim(unanswered, other, T0 + 71 * HOUR)).toEqual({ kind: "conflict" });
  });

  it("a claim in flight: it waits, because the answer may come", () => {
    expect(decideClaim(OPEN, other, T0 + 14_999)).toEqual({ kind: "wait", untilMs: T0 + 15_000 });
  });

  it("a settled claim: the answer, and that its payload was another", () => {
    expect(decideClaim(SETTLED, other, T0)).toEqual({ kind: "replay", answer: ANSWER, mismatch: true });
  });

  it("an id that was free: it takes it", () => {
    expect(decideClaim(OPEN, other, T0 + 72 * HOUR)).toMatchObject({
      kind: "take",
      claim: { path: "/another" },
    });
  });

  it("an unanswered id, and is malformed: it is judged by its form, because it starts nothing", () => {
    expect(decideClaim(OPEN, { ...other, mayCreate: false }, T0 + 15_000).kind).toBe("take");
  });
});

describe("an attempt ends", () => {
  const takenOver: OpenClaim = { ...OPEN, attempt: "a2", leaseExpiresAtMs: T0 + 30_000 };

  it.each<{ name: string; before: OpenClaim; kind: "refused" | "unknown"; after: OpenClaim | null }>([
    { name: "refused: released", before: OPEN, kind: "refused", after: null },
    {
      name: "unknown: kept, free for the next one at once",
      before: OPEN,
      kind: "unknown",
      after: { ...OPEN, leaseExpiresAtMs: T0 + 20_000, mayHaveRun: true },
    },
    {
      name: "refused, after an earlier one that may have started a run: kept, free for the next one at once",
      before: { ...OPEN, mayHaveRun: true },
      kind: "refused",
      after: { ...OPEN, leaseExpiresAtMs: T0 + 20_000, mayHaveRun: true },
    },
    { name: "refused late: fenced", before: takenOver, kind: "refused", after: takenOver },
    { name: "unknown late: fenced", before: takenOver, kind: "unknown", after: takenOver },
  ])("$name", ({ before, kind, after }) => {
    expect(endAttempt(before, "a1", kind, T0 + 20_000)).toEqual(after);
  });
});
