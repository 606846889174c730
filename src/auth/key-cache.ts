// Issuers' keys in one isolate's memory. What it guards: the issuer, against being asked more than once in 30 seconds
// however many tokens name unknown keys; and the callers, against an issuer that is down. All requests of an isolate
// share one fetch. It runs under the first one's waitUntil, so that it outlives a caller who hangs up, and no request
// waits for it longer than 5 seconds.

import { type Sender } from "../platform/outbound/guard.ts";
import type { Issuer } from "../platform/settings.ts";
import { TimeoutError, withTimeout } from "../platform/timeout.ts";
import { chooseKey, type KeyChoice } from "./key-choice.ts";
import {
  fetchKeySet,
  KEYS_SERVED_MS,
  type KeySet,
  type KeySetFailure,
  NO_KEYS,
  readCopy,
  writeCopy,
} from "./key-set.ts";
import type { TokenHeader } from "./token-form.ts";

/** No keys to try. `failure` is how the last fetch ended; while one is still under way, "timeout". */
export type KeysUnavailable = { kind: "keys_unavailable"; retryAfterMs: number; failure: KeySetFailure };

/** What a look-up takes of the request that it is for. */
export type KeyIo = {
  kv: KVNamespace;
  network: Sender;
  nowMs: number;
  waitUntil: (promise: Promise<unknown>) => void;
};

/** fresh: used as it is. stale: used, and refreshed behind the request. expired: not used. */
type KeyAge = "fresh" | "stale" | "expired";

const KEYS_FRESH_MS = 10 * 60_000;
/** An issuer is asked once in this time at most, whatever came of it: unknown `kid`s cost an attacker nothing. */
const FETCH_COOL_DOWN_MS = 30_000;
const WAIT_LIMIT_MS = 5000;

/** The keys of all issuers; one instance per isolate. Issuers that share a URL share its cache, and nothing else does. */
export class IssuerKeys {
  readonly #caches = new Map<string, KeyCache>();

  async find(issuer: Issuer, header: TokenHeader, io: KeyIo): Promise<KeyChoice | KeysUnavailable> {
    if (issuer.keys.kind === "inline") return chooseKey(issuer.keys.keys, header);
    const { url } = issuer.keys;
    const cache = this.#caches.get(url) ?? new KeyCache(url);
    this.#caches.set(url, cache);
    return cache.find(header, io);
  }
}

type Flight = { startedAtMs: number; landed: Promise<void> };

class KeyCache {
  readonly #url: string;
  #set = NO_KEYS;
  /** Start of the last fetch. */
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #lastFailure: KeySetFailure = "timeout";
  #flight: Flight | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async find(header: TokenHeader, io: KeyIo): Promise<KeyChoice | KeysUnavailable> {
    if (this.#age(io) === "expired") await this.#wait(this.#refresh(io, () => this.#restoreOrFetch(io)));
    if (this.#age(io) === "stale") void this.#refresh(io, () => this.#fetch(io));
    const found = this.#choose(header, io);
    if (found.kind !== "unknown_kid") return found;
    await this.#wait(this.#refresh(io, () => this.#fetch(io)));
    return this.#choose(header, io);
  }

  #age({ nowMs }: KeyIo): KeyAge {
    return keyAge(this.#set, nowMs);
  }

  #choose(header: TokenHeader, io: KeyIo): KeyChoice | KeysUnavailable {
    if (this.#age(io) !== "expired") return chooseKey(this.#set.keys, header);
    const retryAfterMs = coolDownLeftMs(this.#askedAtMs, io.nowMs);
    return { kind: "keys_unavailable", retryAfterMs, failure: this.#lastFailure };
  }

  /** Joins the flight in the air or starts one; null within the cool-down. */
  #refresh(io: KeyIo, load: () => Promise<void>): Promise<void> | null {
    const inAir = this.#flight;
    // A flight that never lands, because the runtime dropped its request, must not keep others down for ever.
    if (inAir !== null && io.nowMs - inAir.startedAtMs < FETCH_COOL_DOWN_MS) return inAir.landed;
    if (coolDownLeftMs(this.#askedAtMs, io.nowMs) > 0) return null;
    const landed = load().finally(() => {
      if (this.#flight?.landed === landed) this.#flight = null;
    });
    this.#flight = { startedAtMs: io.nowMs, landed };
    io.waitUntil(landed);
    return landed;
  }

  async #restoreOrFetch(io: KeyIo): Promise<void> {
    const copy = await readCopy(io.kv, this.#url);
    this.#set = pickNewer(this.#set, copy);
    if (this.#age(io) === "expired") await this.#fetch(io);
  }

  async #fetch(io: KeyIo): Promise<void> {
    this.#askedAtMs = io.nowMs;
    this.#lastFailure = "timeout";
    const answer = await fetchKeySet(io.network, this.#url);
    if (answer.kind === "failed") {
      this.#lastFailure = answer.failure;
      return;
    }
    const set = { fetchedAtMs: io.nowMs, keys: answer.keys };
    this.#set = pickNewer(this.#set, set);
    io.waitUntil(writeCopy(io.kv, this.#url, set));
  }

  async #wait(landed: Promise<void> | null): Promise<void> {
    try {
      if (landed !== null) await withTimeout(WAIT_LIMIT_MS, landed);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
}

export function keyAge({ fetchedAtMs }: KeySet, nowMs: number): KeyAge {
  if (nowMs - fetchedAtMs > KEYS_SERVED_MS) return "expired";
  return nowMs - fetchedAtMs > KEYS_FRESH_MS ? "stale" : "fresh";
}

/** 0: the issuer may be asked now. */
export function coolDownLeftMs(askedAtMs: number, nowMs: number): number {
  return Math.max(0, askedAtMs + FETCH_COOL_DOWN_MS - nowMs);
}

/** Fences late answers: an attempt that was overtaken must not bring back the keys of its time. */
export function pickNewer(held: KeySet, found: KeySet): KeySet {
  return found.fetchedAtMs >= held.fetchedAtMs ? found : held;
}
