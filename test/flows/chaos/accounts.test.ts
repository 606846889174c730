import { expect, it } from "vitest";
import { type Facts, findDifferences } from "./accounts.ts";
import { type Kind, makePlan } from "./plan.ts";

const BODY = '{"type":"run","status":"success"}';
const ACCEPTED = { kind: "accepted", runId: "run-1", body: "{}" } as const;
const EXECUTED = { runId: "run-1", ended: BODY, isHeard: false };
const RECEIVED = { webhookId: "run_1", body: BODY, isAcknowledged: true };

const SILENT = { word: { kind: "silence" }, received: [], charges: 0 } as const;

it.each<[Kind, Partial<Facts>, string[]]>([
  ["billable, callback, id", { received: [RECEIVED, RECEIVED] }, []],
  ["plain", { received: [], charges: 0 }, []],
  ["ends in error", { charges: 0 }, []],
  ["refused", { word: { kind: "refused", status: 402 }, executed: [], received: [], charges: 0 }, []],
  ["id", SILENT, ["missing: its caller never got an answer"]],
  ["plain", { executed: [], received: [], charges: 0 }, ["missing: accepted, and never executed"]],
  ["plain", { executed: [EXECUTED, EXECUTED], received: [], charges: 0 }, ["double: executed 2 times"]],
  ["id", { word: { ...ACCEPTED, runId: "run-2" }, received: [], charges: 0 }, ["wrong: answered with run-2"]],
  ["plain", { ...SILENT, word: { kind: "refused", status: 404 } }, ["wrong: refused with 404"]],
  [
    "callback",
    { received: [{ ...RECEIVED, isAcknowledged: false }], charges: 0 },
    ["missing: never received"],
  ],
  ["callback", { shown: "retrying", charges: 0 }, ["missing: received, and shown as retrying"]],
  [
    "callback",
    { received: [RECEIVED, { ...RECEIVED, webhookId: "b" }], charges: 0 },
    ["double: received under two webhook-ids"],
  ],
  [
    "callback",
    { received: [{ ...RECEIVED, body: "{}" }], charges: 0 },
    ["wrong: received what the upstream does not have"],
  ],
  ["billable", {}, ["wrong: received without a callback"]],
  ["billable", { received: [], charges: 0 }, ["missing: never charged"]],
  ["billable", { received: [], charges: 2 }, ["double: charged 2 times"]],
  ["ends in error", { charges: 1 }, ["wrong: charged"]],
  // Without an answer, what a push has named is owed, and nothing else.
  ["billable", SILENT, []],
  ["billable", { ...SILENT, executed: [{ ...EXECUTED, isHeard: true }] }, ["missing: never charged"]],
])("of a run (%s) that is %o the accounting says %j", (kind, different, what) => {
  expect(whats(facts(kind, different))).toEqual(what);
});

function whats(about: Facts): string[] {
  return findDifferences(about).map(({ kind, what }) => `${kind}: ${what}`);
}

/** Accepted, executed, received and charged, but for what is different. */
function facts(kind: Kind, different: Partial<Facts>): Facts {
  const [run] = makePlan({ seed: 1, seconds: 1, rate: 1 }).runs;
  if (run === undefined) throw new Error("no run is planned");
  return {
    planned: { ...run, kind },
    word: ACCEPTED,
    executed: [EXECUTED],
    received: [RECEIVED],
    shown: "delivered",
    charges: 1,
    ...different,
  };
}
