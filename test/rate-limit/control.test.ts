// What operators have set for a user, against what the token and the flag say.
import { expect, it } from "vitest";
import { type Control, effectiveRule } from "../../src/rate-limit/control.ts";
import type { WindowRule } from "../../src/rate-limit/window.ts";

const TOKENS: WindowRule = { limit: 200, windowMs: 300_000 };
const SHADOW: WindowRule = { ...TOKENS, isShadow: true };
const BLOCKED: Control = { kind: "blocked", untilMs: 1_000 };
const FIVE: Control = { kind: "limit", limit: 5, windowMs: 60_000, untilMs: 1_000 };
const FIVE_A_MINUTE = { limit: 5, windowMs: 60_000 };

it.each<[string, Control | null, WindowRule | null, number, ReturnType<typeof effectiveRule>]>([
  ["nothing is set: the token's holds", null, TOKENS, 0, { kind: "allowed", rule: TOKENS }],
  ["nothing is set for an exempt caller", null, null, 0, { kind: "allowed", rule: null }],
  ["a block", BLOCKED, TOKENS, 999, { kind: "blocked", untilMs: 1_000, rule: TOKENS }],
  ["a block of an exempt caller", BLOCKED, null, 999, { kind: "blocked", untilMs: 1_000, rule: null }],
  ["a block has lapsed at its moment", BLOCKED, TOKENS, 1_000, { kind: "allowed", rule: TOKENS }],
  ["a limit takes the place of the token's", FIVE, TOKENS, 999, { kind: "allowed", rule: FIVE_A_MINUTE }],
  ["a limit of an exempt caller", FIVE, null, 999, { kind: "allowed", rule: FIVE_A_MINUTE }],
  ["a limit is never in the shadow", FIVE, SHADOW, 999, { kind: "allowed", rule: FIVE_A_MINUTE }],
  ["a limit has lapsed at its moment", FIVE, SHADOW, 1_000, { kind: "allowed", rule: SHADOW }],
])("%s", (_name, control, rule, nowMs, effective) => {
  expect(effectiveRule(control, rule, nowMs)).toEqual(effective);
});
