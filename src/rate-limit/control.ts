// What operators have set for one user until a moment: no starts at all, or a limit in the place of the token's. It
// lapses by itself, so a control that is forgotten ends all the same.
import type { WindowRule } from "./window.ts";

export type Control =
  | { kind: "blocked"; untilMs: number }
  /** In force whether the flag of the rate limit is on or off, and whatever the token says. */
  | { kind: "limit"; limit: number; windowMs: number; untilMs: number };

/** `rule` of a blocked user: the window that a replay, which is still given, shows. */
export type EffectiveRule =
  | { kind: "blocked"; untilMs: number; rule: WindowRule | null }
  | { kind: "allowed"; rule: WindowRule | null };

/** `rule`: of the token and the flag. */
export function effectiveRule(
  control: Control | null,
  rule: WindowRule | null,
  nowMs: number,
): EffectiveRule {
  if (control === null || !isInForce(control, nowMs)) return { kind: "allowed", rule };
  switch (control.kind) {
    case "blocked":
      return { kind: "blocked", untilMs: control.untilMs, rule };
    case "limit":
      return { kind: "allowed", rule: { limit: control.limit, windowMs: control.windowMs } };
  }
}

export function isInForce({ untilMs }: Control, nowMs: number): boolean {
  return nowMs < untilMs;
}
