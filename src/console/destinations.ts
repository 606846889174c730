// How the hosts of callbacks have fared lately, and whether their breakers let anybody through.
import { hostOf } from "../callbacks/destination.ts";
import { type BreakerNamespace, type BreakerView, breakerOf } from "../callbacks/destination-breaker.ts";
import { within } from "../deadline.ts";
import { type AttemptedRow, latestAttempts } from "./store.ts";
import { timeOrNull } from "./times.ts";
import type { Destination, Destinations } from "./views.ts";

const MAX_ATTEMPTS = 1_000;
/** Each is a question to another object. */
const MAX_BREAKERS = 50;
const ANSWERS_WITHIN_MS = 5_000;

/** By the latest attempts of runs that were accepted lately; the host with the most first. Throws when somebody does not answer. */
export async function destinations(
  db: D1Database,
  breakers: BreakerNamespace,
  nowMs: number,
): Promise<Destinations> {
  const attempts = await latestAttempts(db, nowMs, MAX_ATTEMPTS);
  const byHost = Map.groupBy(attempts, (attempt) => hostOf(attempt.callback_url) ?? "");
  const busiest = [...byHost].toSorted(([, a], [, b]) => b.length - a.length);
  // Only hosts that failed have a breaker at all.
  const failed = busiest.filter(([, of]) => of.some(({ error }) => error !== null)).slice(0, MAX_BREAKERS);
  const known = new Map(
    await Promise.all(failed.map(async ([host]) => [host, await breakerView(breakers, host)] as const)),
  );
  const oldest = attempts.reduce<number | null>((at, { at_ms }) => Math.min(at ?? at_ms, at_ms), null);
  return {
    since: timeOrNull(oldest),
    destinations: busiest.map(([host, of]) => destinationOf(host, of, known.get(host) ?? CLOSED)),
  };
}

const CLOSED: Destination["breaker"] = { status: "closed", until: null, users_resting: 0 };

async function breakerView(breakers: BreakerNamespace, host: string): Promise<Destination["breaker"]> {
  const view: Promise<BreakerView> = breakerOf(breakers, host).view();
  const { status, untilMs, usersResting } = await within(ANSWERS_WITHIN_MS, view);
  return { status, until: timeOrNull(untilMs), users_resting: usersResting };
}

function destinationOf(
  host: string,
  attempts: readonly AttemptedRow[],
  breaker: Destination["breaker"],
): Destination {
  const durations = attempts.filter(({ error }) => error === null).map(({ duration_ms }) => duration_ms);
  return {
    host,
    attempts: attempts.length,
    acknowledged: durations.length,
    latency_p50_ms: median(durations),
    breaker,
  };
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? null;
}
