// The keys of one URL in one isolate's memory. What it guards: the issuer, against being asked more
// than once in 30 seconds however many tokens name unknown keys; and the callers, against an issuer that is down.
// All requests of an isolate share one fetch. It runs under the first one's waitUntil, so that it outlives a caller who
// hangs up, and no request waits for it longer than 5 seconds.

import type { Sender } from "../platform/outbound/guard.ts";
import { coolDownLeftMs, FETCH_COOL_DOWN_MS, type KeySet, keyAge, pickNewer } from "./key-age.ts";
import { chooseKey, type KeyChoice } from "./key-choice.ts";
import { readCopy, writeCopy } from "./key-copy.ts";
import { fetchKeySet, type KeySetFailure } from "./key-set.ts";
import type { TokenHeader } from "./token-form.ts";

export type KeyLookup =
  | KeyChoice
  /** No keys to try. `failure` is how the last fetch ended; while one is still under way, "timeout". */
  | { kind: "unavailable"; retryAfterMs: number; failure: KeySetFailure };

export type KeyIo = {
  kv: KVNamespace;
  sender: Sender;
  nowMs: number;
  waitUntil: (promise: Promise<unknown>) => void;
};

type Flight = { startedAtMs: number; landed: Promise<void> };

const WAIT_LIMIT_MS = 5000;

export class KeyCache {
  readonly #url: string;
  #set: KeySet | null = null;
  /** Start of the last fetch. */
  #askedAtMs: number | null = null;
  #lastFailure: KeySetFailure = "timeout";
  #flight: Flight | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async find(header: TokenHeader, io: KeyIo): Promise<KeyLookup> {
    if (this.#age(io) === "expired") await this.#wait(this.#refresh(io, () => this.#restoreOrFetch(io)));
    if (this.#age(io) === "stale") void this.#refresh(io, () => this.#fetch(io));
    const found = this.#choose(header, io);
    if (found.kind !== "unknown_kid") return found;
    await this.#wait(this.#refresh(io, () => this.#fetch(io)));
    return this.#choose(header, io);
  }

  #age({ nowMs }: KeyIo): ReturnType<typeof keyAge> {
    return keyAge(this.#set, nowMs);
  }

  #choose(header: TokenHeader, { nowMs }: KeyIo): KeyLookup {
    if (this.#set !== null && keyAge(this.#set, nowMs) !== "expired")
      return chooseKey(this.#set.keys, header);
    const retryAfterMs = coolDownLeftMs(this.#askedAtMs, nowMs);
    return { kind: "unavailable", retryAfterMs, failure: this.#lastFailure };
  }

  /** Joins the flight in the air or starts one; null within the cool-down. */
  #refresh(io: KeyIo, load: () => Promise<void>): Promise<void> | null {
    const inAir = this.#flight;
    // A flight that never lands, because the runtime dropped its request, must not keep others down for ever.
    if (inAir !== null && io.nowMs - inAir.startedAtMs < FETCH_COOL_DOWN_MS) return inAir.landed;
    if (coolDownLeftMs(this.#askedAtMs, io.nowMs) > 0) return null;
    const flight: Flight = { startedAtMs: io.nowMs, landed: load().finally(() => this.#land(flight)) };
    this.#flight = flight;
    io.waitUntil(flight.landed);
    return flight.landed;
  }

  #land(flight: Flight): void {
    if (this.#flight === flight) this.#flight = null;
  }

  async #restoreOrFetch(io: KeyIo): Promise<void> {
    const copy = await readCopy(io.kv, this.#url);
    this.#set = pickNewer(this.#set, copy);
    if (this.#age(io) === "expired") await this.#fetch(io);
  }

  async #fetch(io: KeyIo): Promise<void> {
    this.#askedAtMs = io.nowMs;
    this.#lastFailure = "timeout";
    const answer = await fetchKeySet(io.sender, this.#url);
    if (answer.kind === "failed") {
      this.#lastFailure = answer.failure;
      return;
    }
    const set = { fetchedAtMs: io.nowMs, keys: answer.keys };
    this.#set = pickNewer(this.#set, set);
    io.waitUntil(writeCopy(io.kv, this.#url, set));
  }

  async #wait(landed: Promise<void> | null): Promise<void> {
    if (landed === null) return;
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, WAIT_LIMIT_MS);
    try {
      await Promise.race([landed, limit.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
