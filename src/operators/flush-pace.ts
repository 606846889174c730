// How often isolates are to call the aggregator. One object answers so many calls a second and no more, so the more
// isolates there are, the longer the interval that each of them is given. Pure.

/** `calls`: since `sinceMs`, all of them by isolates that were given `intervalMs`. */
export type Pace = { sinceMs: number; calls: number; intervalMs: number };

const WINDOW_MS = 10_000;
/** A fifth of what one object is good for. */
const CALLS_A_SECOND = 200;
const MIN_INTERVAL_MS = 10_000;
const MAX_INTERVAL_MS = 120_000;

export function startPace(nowMs: number): Pace {
  return { sinceMs: nowMs, calls: 0, intervalMs: MIN_INTERVAL_MS };
}

/** After one more call. */
export function pace(before: Pace, nowMs: number): Pace {
  const elapsedMs = nowMs - before.sinceMs;
  if (elapsedMs < 0) return { ...before, sinceMs: nowMs, calls: 1 };
  if (elapsedMs < WINDOW_MS) return { ...before, calls: before.calls + 1 };
  const isolates = (before.calls * before.intervalMs) / elapsedMs;
  const neededMs = Math.ceil((isolates / CALLS_A_SECOND) * 1_000);
  const intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, neededMs));
  return { sinceMs: nowMs, calls: 1, intervalMs };
}
