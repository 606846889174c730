// The accounting: what must hold of each run, judged from what its caller, the upstream, its receiver and the gateway's
// own API say of it. Pure.
import type { DeliveriesView } from "../support/deliveries.ts";
import type { Word } from "./chaos-callers.ts";
import type { ReceivedCall } from "./chaos-receivers.ts";
import { type PlannedRun, TRAITS } from "./plan.ts";

export type Facts = {
  planned: PlannedRun;
  /** The last that its caller heard. */
  word: Word;
  /** Runs that the upstream started for it. `isHeard`: the gateway has answered 202 to a push of its end. */
  executed: readonly { runId: string; ended: string | null; isHeard: boolean }[];
  received: readonly ReceivedCall[];
  /** What the gateway shows its caller of its delivery; null: nothing. */
  shown: DeliveriesView["state"] | null;
  charges: number;
};

export type Difference = { kind: "missing" | "double" | "wrong"; what: string };

/**
 * What must be delivered and charged: whatever its caller was answered 202, and whatever the gateway took a push for. Of a run
 * whose caller got no answer, has no id to ask again, and that the upstream does not push, the id is not known (README,
 * "Limits"): it may be delivered and charged, once.
 */
function isOwed({ word, executed }: Facts): boolean {
  return executed.length > 0 && (word.kind === "accepted" || executed.some(({ isHeard }) => isHeard));
}

export function findDifferences(facts: Facts): Difference[] {
  return [...answerDifferences(facts), ...callbackDifferences(facts), ...chargeDifferences(facts)];
}

const COUNTS: readonly [column: string, count: (facts: Facts) => number][] = [
  ["started", () => 1],
  ["accepted", ({ word }) => Number(word.kind === "accepted")],
  ["refused", ({ word }) => Number(word.kind === "refused")],
  ["no answer", ({ word }) => Number(word.kind === "silence")],
  ["executed", ({ executed }) => executed.length],
  ["owed", (facts) => Number(isOwed(facts))],
  ["received", (facts) => Number(countAcknowledged(facts) > 0)],
  ["received again", (facts) => Math.max(0, countAcknowledged(facts) - 1)],
  ["delivered", ({ shown }) => Number(shown === "delivered")],
  ["charged", ({ charges }) => charges],
  ["missing", (facts) => Number(differs(facts, "missing"))],
  ["double", (facts) => Number(differs(facts, "double"))],
  ["wrong", (facts) => Number(differs(facts, "wrong"))],
];

export const COLUMNS = COUNTS.map(([column]) => column);

/** A row of the table for each kind, and one for all together. */
export function toCounts(all: readonly Facts[]): [name: string, counts: number[]][] {
  const rows = Object.keys(TRAITS).map((kind): [string, readonly Facts[]] => {
    return [kind, all.filter(({ planned }) => planned.kind === kind)];
  });
  rows.push(["all", all]);
  return rows.map(([name, some]) => [
    name,
    COUNTS.map(([, count]) => some.reduce((total, facts) => total + count(facts), 0)),
  ]);
}

function answerDifferences({ planned, word, executed }: Facts): Difference[] {
  const { hasId, end } = TRAITS[planned.kind];
  const found: Difference[] = [];
  if (executed.length > 1) found.push(doubled(`executed ${executed.length} times`));
  if (word.kind === "silence" && hasId) found.push(missing("its caller never got an answer"));
  if (word.kind === "refused" && end !== "refused") found.push(wrong(`refused with ${word.status}`));
  if (end === "refused" && executed.length > 0) found.push(wrong("refused, and executed"));
  if (word.kind !== "accepted") return found;
  if (executed.length === 0) found.push(missing("accepted, and never executed"));
  else if (!executed.some(({ runId }) => runId === word.runId))
    found.push(wrong(`answered with ${word.runId}`));
  return found;
}

function callbackDifferences(facts: Facts): Difference[] {
  const { planned, executed, received, shown } = facts;
  const found: Difference[] = [];
  if (!TRAITS[planned.kind].hasCallback)
    return received.length > 0 ? [wrong("received without a callback")] : [];
  const isDelivered = received.some(({ isAcknowledged }) => isAcknowledged);
  if (isOwed(facts) && !isDelivered) found.push(missing("never received"));
  if (isOwed(facts) && isDelivered && shown !== "delivered")
    found.push(missing(`received, and shown as ${shown}`));
  if (new Set(received.map(({ webhookId }) => webhookId)).size > 1)
    found.push(doubled("received under two webhook-ids"));
  const ends = executed.map(({ ended }) => ended);
  if (received.some(({ body }) => !ends.includes(body)))
    found.push(wrong("received what the upstream does not have"));
  return found;
}

function chargeDifferences(facts: Facts): Difference[] {
  const { planned, executed, charges } = facts;
  const { isBillable, end } = TRAITS[planned.kind];
  const mayBe = isBillable && end === "success" && executed.length > 0;
  if (charges > 1) return [doubled(`charged ${charges} times`)];
  if (charges === 1 && !mayBe) return [wrong("charged")];
  return charges === 0 && mayBe && isOwed(facts) ? [missing("never charged")] : [];
}

function countAcknowledged({ received }: Facts): number {
  return received.filter(({ isAcknowledged }) => isAcknowledged).length;
}

function differs(facts: Facts, how: Difference["kind"]): boolean {
  return findDifferences(facts).some(({ kind }) => kind === how);
}

function missing(what: string): Difference {
  return { kind: "missing", what };
}

function doubled(what: string): Difference {
  return { kind: "double", what };
}

function wrong(what: string): Difference {
  return { kind: "wrong", what };
}
