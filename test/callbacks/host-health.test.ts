import { describe, expect, test } from "vitest";
import { HostHealth, isHostTrouble } from "../../src/callbacks/host-health.ts";
import type { AttemptFailure, AttemptOutcome } from "../../src/runs/attempt.ts";
import { MINUTE } from "../support/clock.ts";

const T0 = 1_800_000_000_000;
const HOST = "client.example";

function failed(status: number | null, failure: AttemptFailure = "status is no 2xx"): AttemptOutcome {
  return { kind: "failed", status, failure, retryAfterSeconds: null };
}

describe("a breaker is asked", () => {
  test("never by a healthy delivery", () => {
    expect(new HostHealth().shouldConsult(HOST, 0, T0)).toBe(false);
  });

  test("for five minutes after the host failed here, and not about other hosts", () => {
    const health = new HostHealth();
    health.noteFailure(HOST, T0 - MINUTE);
    health.noteFailure(HOST, T0);
    expect(health.shouldConsult(HOST, 0, T0)).toBe(true);
    expect(health.shouldConsult(HOST, 0, T0 + 5 * MINUTE - 1)).toBe(true);
    expect(health.shouldConsult(HOST, 0, T0 + 5 * MINUTE)).toBe(false);
    expect(health.shouldConsult("other.example", 0, T0)).toBe(false);
    expect(health.shouldConsult(`${HOST}:8443`, 0, T0)).toBe(false);
  });

  test("by every delivery that has failed before, whichever isolate has it", () => {
    expect(new HostHealth().shouldConsult(HOST, 1, T0)).toBe(true);
  });
});

describe("that a breaker is open is known without asking it again", () => {
  const rest = { kind: "open", untilMs: T0 + 30_000, allUntilMs: T0 + 1_000 } as const;

  test("as long as every user would be told the same", () => {
    const health = new HostHealth();
    expect(health.openUntilMs(HOST, T0)).toBe(null);
    health.noteFailure(HOST, T0, rest);
    expect(health.openUntilMs(HOST, T0)).toBe(T0 + 30_000);
    expect(health.openUntilMs(HOST, T0 + 999)).toBe(T0 + 30_000);
    expect(health.openUntilMs(HOST, T0 + 1_000)).toBe(null);
    expect(health.openUntilMs("other.example", T0)).toBe(null);
  });

  test("never of a rest of one user alone", () => {
    const health = new HostHealth();
    health.noteFailure(HOST, T0, { kind: "open", untilMs: T0 + 30_000 });
    expect(health.openUntilMs(HOST, T0)).toBe(null);
  });

  test("not after an attempt there failed, which may have been the probe", () => {
    const health = new HostHealth();
    health.noteFailure(HOST, T0, rest);
    health.noteFailure(HOST, T0 + 1);
    expect(health.openUntilMs(HOST, T0 + 1)).toBe(null);
  });

  test("not when the clock has stepped back", () => {
    const health = new HostHealth();
    health.noteFailure(HOST, T0, rest);
    expect(health.openUntilMs(HOST, T0 - 60 * MINUTE)).toBe(null);
  });
});

test("of fifty thousand hosts that failed, the last thousand are kept", () => {
  const health = new HostHealth();
  for (let host = 0; host < 50_000; host++) health.noteFailure(`h${host}.example`, T0);
  const isKnown = (host: number) => health.shouldConsult(`h${host}.example`, 0, T0);
  expect([0, 48_999, 49_000, 49_999].map(isKnown)).toEqual([false, false, true, true]);
});

test("a host that keeps failing is not the one that is forgotten", () => {
  const health = new HostHealth();
  health.noteFailure(HOST, T0);
  for (let host = 0; host < 1500; host++) {
    health.noteFailure(`h${host}.example`, T0);
    if (host % 100 === 0) health.noteFailure(HOST, T0);
  }
  expect(health.shouldConsult(HOST, 0, T0)).toBe(true);
});

describe("trouble of the host", () => {
  test.each<[string, boolean, AttemptOutcome]>([
    ["no connection", true, failed(null, "no connection")],
    ["a time-out", true, failed(null, "no answer in time")],
    ["408", true, failed(408)],
    ["429", true, failed(429)],
    ["500", true, failed(500)],
    ["an acknowledgement", false, { kind: "acknowledged", status: 200 }],
    ["503 with abort-message", false, { kind: "aborted", status: 503 }],
    ["a redirect", false, failed(302, "redirect not followed")],
    ["404", false, failed(404)],
    ["a refused destination", false, failed(null, "destination refused")],
  ])("%s: %s", (_, isTrouble, outcome) => {
    expect(isHostTrouble(outcome)).toBe(isTrouble);
  });
});

test("the longer rest of a user who failed there last is no other user's", () => {
  const health = new HostHealth();
  const open = {
    kind: "open",
    untilMs: T0 + 60_000,
    allUntilMs: T0 + 30_000,
    othersUntilMs: T0 + 30_000,
  } as const;
  health.noteFailure(HOST, T0, open);
  expect(health.openUntilMs(HOST, T0)).toBe(T0 + 30_000);
});
