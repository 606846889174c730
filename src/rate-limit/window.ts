// The fixed window of the rate limit, as arithmetic: it opens with the first counted request and ends `windowMs`
// later. Exactness comes from who calls it: one Durable Object a user, with no await between reading and writing.

export type Window = { count: number; endsAtMs: number };

/** `isShadow`: what is beyond the limit is counted too, and refused nothing. */
export type WindowRule = { limit: number; windowMs: number; isShadow?: true };

/** What a caller is shown of a window (contract: X-RateLimit-*, RateLimit, Retry-After): nothing of one in the shadow. */
export type WindowView = {
  limit: number;
  remaining: number;
  resetAtMs: number;
  windowMs: number;
  isShadow?: true;
};

/** `isOver`: it is beyond the limit, whether that is refused or not. */
export type Count = { admitted: boolean; isOver: boolean; window: Window; view: WindowView };

/** Counts one request if the rule's cap allows it. A refused one leaves the window as it is. */
export function take(window: Window | null, rule: WindowRule, nowMs: number): Count {
  const open = openWindow(window, rule, nowMs) ?? { count: 0, endsAtMs: nowMs + rule.windowMs };
  const isOver = open.count >= rule.limit;
  const admitted = !isOver || rule.isShadow === true;
  const next = admitted ? { ...open, count: open.count + 1 } : open;
  return { admitted, isOver, window: next, view: toView(next, rule) };
}

/** The window as it stands, without counting. */
export function peek(window: Window | null, rule: WindowRule, nowMs: number): WindowView {
  return toView(openWindow(window, rule, nowMs) ?? { count: 0, endsAtMs: nowMs + rule.windowMs }, rule);
}

/** Takes back one request that was counted in the window which ended at `endsAtMs`; a window that has been replaced since stays as it is. */
export function giveBack(window: Window | null, endsAtMs: number): Window | null {
  if (window === null || window.endsAtMs !== endsAtMs || window.count === 0) return window;
  return { ...window, count: window.count - 1 };
}

/** Whole seconds until a retry passes, at least 1 (RFC 9110, Retry-After). */
export function retryAfterSeconds(view: WindowView, nowMs: number): number {
  return Math.max(1, Math.ceil((view.resetAtMs - nowMs) / 1000));
}

// A clock that stepped back, or a window made shorter by a deploy, must not leave a window open for longer than the rule says.
function openWindow(window: Window | null, rule: WindowRule, nowMs: number): Window | null {
  if (window === null || window.endsAtMs <= nowMs) return null;
  return { ...window, endsAtMs: Math.min(window.endsAtMs, nowMs + rule.windowMs) };
}

function toView(window: Window, rule: WindowRule): WindowView {
  const remaining = Math.max(0, rule.limit - window.count);
  const view = { limit: rule.limit, remaining, resetAtMs: window.endsAtMs, windowMs: rule.windowMs };
  return rule.isShadow ? { ...view, isShadow: true } : view;
}
