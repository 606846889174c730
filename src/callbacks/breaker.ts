// A breaker for one destination host, as arithmetic: when most attempts at a host fail it is left alone for a while, and
// then one attempt each 30 s finds out whether it is back. It protects the receiver from a pile of retries, and the
// attempts of its deliveries from being burnt on a host that is known to be down. Where many users share one, it opens only
// when no attempt of any of them found the host there: a path that fails is its own user's.
// Reports carry no name of their attempt. So what is reported while it is open is passed over (it was sent before), and
// during a probe the first report decides: a stray failure keeps it open for 30 s more, never a second probe.

/** `who`: whose attempt it was, where many share what is judged. */
type Sample = { atMs: number; ok: boolean; who?: string };

export type Breaker =
  /** Oldest first, at most KEPT, none older than five minutes. */
  | { status: "closed"; samples: readonly Sample[] }
  | { status: "open"; untilMs: number }
  /** One attempt is on its way; if it has not been reported by then, another one may be made. */
  | { status: "half_open"; untilMs: number };

export type Permission = { kind: "go" } | { kind: "open"; untilMs: number };

export const CLOSED: Breaker = { status: "closed", samples: [] };

const WINDOW_MS = 5 * 60_000;
export const OPEN_MS = 30_000;
const MIN_SAMPLES = 10;
const KEPT = 100;
const FAILED_SHARE = 0.7;
const FAILED_SHARE_OF_ALL = 1;
/** So few that one user's paths, which that user can make fail at will, never make ten. */
const KEPT_OF_ONE = 3;

/**
 * May one more attempt be made now? A `go` after it was open is the probe, and takes it. `isDoubtful`: the attempt may fail
 * though the host is well; it becomes the probe only when no other one has for a while.
 */
export function acquire(breaker: Breaker, nowMs: number, isDoubtful = false): [Breaker, Permission] {
  if (breaker.status === "closed") return [breaker, { kind: "go" }];
  const untilMs = openUntilMs(breaker, nowMs) + (isDoubtful ? OPEN_MS : 0);
  if (nowMs < untilMs) return [breaker, { kind: "open", untilMs }];
  return [{ status: "half_open", untilMs: nowMs + OPEN_MS }, { kind: "go" }];
}

/** Whether this user's latest attempt failed, as far as is known. */
export function failedLast(breaker: Breaker): boolean {
  return breaker.status !== "closed" || breaker.samples.at(-1)?.ok === false;
}

/** The breaker after an attempt ended. With `who`, it is one that many share: that one's latest three count. */
export function report(breaker: Breaker, ok: boolean, nowMs: number, who?: string): Breaker {
  switch (breaker.status) {
    case "closed":
      return count(
        [...trimFor(breaker.samples, who), { atMs: nowMs, ok, ...(who && { who }) }],
        nowMs,
        who === undefined ? FAILED_SHARE : FAILED_SHARE_OF_ALL,
      );
    case "open":
      return breaker;
    case "half_open":
      return ok ? CLOSED : opened(nowMs);
  }
}

/** What the next attempt would find. */
export type Standing = { status: Breaker["status"]; untilMs: number | null };

export function toStanding(breaker: Breaker, nowMs: number): Standing {
  if (breaker.status === "closed") return { status: "closed", untilMs: null };
  const untilMs = openUntilMs(breaker, nowMs);
  // It was open long enough: the next attempt is the probe.
  return nowMs < untilMs ? { status: breaker.status, untilMs } : { status: "half_open", untilMs: null };
}

/** Nothing in it says anything about the host any more. */
export function isForgettable(breaker: Breaker, nowMs: number): boolean {
  if (breaker.status === "closed") return breaker.samples.every((sample) => isOld(sample, nowMs));
  return nowMs >= openUntilMs(breaker, nowMs) + WINDOW_MS;
}

function count(all: readonly Sample[], nowMs: number, failedShare: number): Breaker {
  const samples = all.filter((sample) => !isOld(sample, nowMs)).slice(-KEPT);
  const failures = samples.filter(({ ok }) => !ok).length;
  const isDown = samples.length >= MIN_SAMPLES && failures >= failedShare * samples.length;
  return isDown ? opened(nowMs) : { status: "closed", samples };
}

function trimFor(samples: readonly Sample[], who: string | undefined): readonly Sample[] {
  const own = samples.filter((sample) => who !== undefined && sample.who === who);
  return own.length < KEPT_OF_ONE ? samples : samples.filter((sample) => sample !== own[0]);
}

function opened(nowMs: number): Breaker {
  return { status: "open", untilMs: nowMs + OPEN_MS };
}

function isOld({ atMs }: Sample, nowMs: number): boolean {
  return nowMs - atMs >= WINDOW_MS;
}

// A clock that stepped back must not keep a breaker open for longer.
function openUntilMs({ untilMs }: Exclude<Breaker, { status: "closed" }>, nowMs: number): number {
  return Math.min(untilMs, nowMs + OPEN_MS);
}
