// What may happen to a user's windows: any of it in any order, and stories in which the newest count was nearly lost.
import * as fc from "fast-check";
import { weighted } from "../support/commands.ts";
import type { Rule } from "./window-reference.ts";

export type Start = {
  rule: Rule | null;
  id: string | null;
  /** With a callback: its row carries the count along. */
  promised: boolean;
  /** `malformed`: it starts nothing. */
  ends: "accepted" | "refused" | "malformed";
};

export type Command = { user: number } & (
  | { do: "start"; start: Start }
  | { do: "burst"; rules: (Rule | null)[] }
  /** KV knows the answer to its id. */
  | { do: "mistake"; rule: Rule | null }
  | { do: "learn" }
  /** The oldest promised run that is open ends, and is delivered. */
  | { do: "finish" }
  /** The oldest run that has ended is to be delivered again. */
  | { do: "redeliver" }
  | { do: "read"; rule: Rule }
  | { do: "evict" }
  | { do: "step"; byMs: number }
  /** Onto the end of the user's window, or next to it. */
  | { do: "end"; besideMs: number }
);

/** On a Thursday, UTC: tables of ended runs change then, and a clock may step back over it. */
export const NEXT_WEEK = Date.parse("2040-01-05T00:00:00Z");
export const USERS = 2;
const IDS = ["0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", "1b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c12"];

/** The default, two overrides, and what a deploy makes of them. */
const rule: fc.Arbitrary<Rule> = fc
  .tuple(fc.constantFrom(2, 3, 3, 3, 5), fc.constantFrom(300_000, 300_000, 300_000, 60_000, 1_500))
  .map(([limit, windowMs]) => ({ limit, windowMs }));
const ruleOrExempt = fc.option(rule, { freq: 8, nil: null });
const user = fc.nat({ max: USERS - 1 });
const byMs = fc.oneof(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: -2_000, max: -1 }));
const start = fc.record<Start>({
  rule: ruleOrExempt,
  id: fc.option(fc.constantFrom(...IDS), { nil: null }),
  promised: fc.boolean(),
  ends: fc.constantFrom("accepted", "refused", "malformed"),
});

export const command: fc.Arbitrary<Command> = fc.oneof(
  weighted(6, { do: fc.constant("start"), user, start }),
  weighted(3, {
    do: fc.constant("burst"),
    user,
    rules: fc.array(ruleOrExempt, { minLength: 2, maxLength: 6 }),
  }),
  weighted(2, { do: fc.constant("mistake"), user, rule: ruleOrExempt }),
  weighted(2, { do: fc.constant("learn"), user }),
  weighted(4, { do: fc.constant("finish"), user }),
  weighted(1, { do: fc.constant("redeliver"), user }),
  weighted(2, { do: fc.constant("read"), user, rule }),
  weighted(3, { do: fc.constant("evict"), user }),
  weighted(3, { do: fc.constant("step"), user, byMs }),
  weighted(3, { do: fc.constant("end"), user, besideMs: fc.constantFrom(-1, 0, 0, 1) }),
);

const RULE: Rule = { limit: 2, windowMs: 300_000 };

function starting(members: Partial<Start>): Command {
  return {
    do: "start",
    user: 1,
    start: { rule: null, id: null, promised: false, ends: "accepted", ...members },
  };
}

/** A read's window is made shorter; its only newer copy goes with a row, after that window's end. */
export const CUT_AND_DROPPED: Command[] = [
  { do: "read", user: 1, rule: RULE },
  starting({ promised: true }),
  { do: "read", user: 1, rule: { limit: 2, windowMs: 1_500 } },
  { do: "step", user: 1, byMs: 1_500 },
  starting({ id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", ends: "refused" }),
  { do: "evict", user: 1 },
  { do: "read", user: 1, rule: RULE },
];

/** A window's only copy goes with a row at that window's end, and then the clock steps back. */
export const ENDED_AND_OPEN_AGAIN: Command[] = [
  starting({ rule: RULE }),
  { do: "end", user: 1, besideMs: 0 },
  starting({ promised: true, ends: "refused" }),
  { do: "evict", user: 1 },
  { do: "step", user: 0, byMs: -1 },
  starting({ rule: RULE }),
];

const DELIVERED: Command[] = [
  starting({ rule: { ...RULE, limit: 3 }, promised: true }),
  { do: "finish", user: 1 },
];

/** The newest copy is in a row of last week's table, because the clock has stepped back over its end. */
export const BACK_OVER_A_WEEK: Command[] = [
  { do: "step", user: 1, byMs: 25_000 },
  ...DELIVERED,
  { do: "step", user: 1, byMs: 6_000 },
  ...DELIVERED,
  { do: "step", user: 1, byMs: -2_000 },
  ...DELIVERED,
  { do: "evict", user: 1 },
  ...DELIVERED,
];
