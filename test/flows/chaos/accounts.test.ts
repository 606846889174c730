import { describe, expect, it } from "vitest";
import { differencesOf, type Facts } from "./accounts.ts";
import type { Kind, PlannedRun } from "./plan.ts";

const BODY = '{"type":"run","status":"success"}';
const ACCEPTED = { kind: "accepted", runId: "run-1", body: "{}" } as const;
const EXECUTED = { runId: "run-1", ended: BODY, isHeard: false };
const TOLD = { webhookId: "run_1", body: BODY, isAcknowledged: true };

describe("the accounting", () => {
  it("finds nothing where all is as it should be", () => {
    expect(whats(facts("billable, callback, id", {}))).toEqual([]);
    expect(whats(facts("billable, callback, id", { told: [TOLD, TOLD] }))).toEqual([]);
    expect(whats(facts("plain", { told: [], charges: 0 }))).toEqual([]);
    expect(whats(facts("ends in error", { charges: 0 }))).toEqual([]);
    const refused = { word: { kind: "refused", status: 402 }, executed: [], told: [], charges: 0 } as const;
    expect(whats(facts("refused", refused))).toEqual([]);
  });

  it.each<[string, Kind, Partial<Facts>]>([
    ["lost: its caller never got an answer", "id", { word: { kind: "silence" }, told: [], charges: 0 }],
    ["lost: accepted, and never executed", "plain", { executed: [], told: [], charges: 0 }],
    ["double: executed 2 times", "plain", { executed: [EXECUTED, EXECUTED], told: [], charges: 0 }],
    ["wrong: answered with run-2", "id", { word: { ...ACCEPTED, runId: "run-2" }, told: [], charges: 0 }],
    ["wrong: refused with 404", "plain", { word: { kind: "refused", status: 404 }, told: [], charges: 0 }],
    ["lost: never told", "callback", { told: [], charges: 0 }],
    ["lost: told, and shown as retrying", "callback", { shown: "retrying", charges: 0 }],
    ["lost: told, and shown as null", "callback", { shown: null, charges: 0 }],
    ["lost: never told", "callback", { told: [{ ...TOLD, isAcknowledged: false }], charges: 0 }],
    [
      "double: told under two webhook-ids",
      "callback",
      { told: [TOLD, { ...TOLD, webhookId: "b" }], charges: 0 },
    ],
    [
      "wrong: told what the upstream does not have",
      "callback",
      { told: [{ ...TOLD, body: "{}" }], charges: 0 },
    ],
    ["wrong: told without a callback", "billable", {}],
    ["lost: never charged", "billable", { told: [], charges: 0 }],
    ["double: charged 2 times", "billable", { told: [], charges: 2 }],
    ["wrong: charged", "ends in error", { charges: 1 }],
    ["wrong: charged", "callback", { charges: 1 }],
  ])("names what is %s", (what, kind, different) => {
    expect(whats(facts(kind, different))).toEqual([what]);
  });

  it("owes a run without an answer what a push has named, and nothing else", () => {
    const unanswered = { word: { kind: "silence" }, told: [], charges: 0 } as const;
    expect(whats(facts("billable", unanswered))).toEqual([]);
    const pushed = { ...unanswered, executed: [{ ...EXECUTED, isHeard: true }] };
    expect(whats(facts("billable", pushed))).toEqual(["lost: never charged"]);
  });
});

function whats(of: Facts): string[] {
  return differencesOf(of).map(({ kind, what }) => `${kind}: ${what}`);
}

/** Accepted, executed, told and charged, but for what is different. */
function facts(kind: Kind, different: Partial<Facts>): Facts {
  const planned: PlannedRun = {
    number: 0,
    kind,
    startAtMs: 0,
    user: 0,
    receiver: 0,
    failedAttempts: 0,
    brokenAnswers: 0,
    answerAfterMs: 0,
    endAfterMs: 0,
    push: "never",
    pushAfterMs: 0,
  };
  return {
    planned,
    word: ACCEPTED,
    executed: [EXECUTED],
    told: [TOLD],
    shown: "delivered",
    charges: 1,
    ...different,
  };
}
