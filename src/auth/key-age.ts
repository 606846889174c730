// What the age of a fetched key set allows, and when its issuer may be asked again. Pure: the time is passed in.

import type { Jwk } from "../platform/settings.ts";

export type KeySet = { readonly fetchedAtMs: number; readonly keys: readonly Jwk[] };

/** fresh: used as it is. stale: used, and refreshed behind the request. expired: not used. */
export type KeyAge = "fresh" | "stale" | "expired";

const KEYS_FRESH_MS = 10 * 60_000;
/** How long known keys are served while their issuer is down, and how long a removed key can survive that. */
export const KEYS_SERVED_MS = 24 * 3_600_000;
/** An issuer is asked once in this time at most, whatever came of it: unknown `kid`s cost an attacker nothing. */
export const FETCH_COOL_DOWN_MS = 30_000;

export function keyAge(set: KeySet | null, nowMs: number): KeyAge {
  if (set === null || nowMs - set.fetchedAtMs > KEYS_SERVED_MS) return "expired";
  return nowMs - set.fetchedAtMs > KEYS_FRESH_MS ? "stale" : "fresh";
}

/** 0: now. `askedAtMs` is the last attempt's start; null: there was none. */
export function coolDownLeftMs(askedAtMs: number | null, nowMs: number): number {
  return askedAtMs === null ? 0 : Math.max(0, askedAtMs + FETCH_COOL_DOWN_MS - nowMs);
}

/** Fences late answers: an attempt that was overtaken must not bring back the keys of its time. */
export function pickNewer(held: KeySet | null, found: KeySet | null): KeySet | null {
  if (held === null || found === null) return held ?? found;
  return found.fetchedAtMs >= held.fetchedAtMs ? found : held;
}
