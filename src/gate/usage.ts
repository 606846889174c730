// A page of a user's charges. Where it ends, nothing is charged behind it any more: the gate keeps up to when charges
// were shown, and a later charge is dated after that.
import type { Charge } from "./store/charges.ts";
import type { GateStore } from "./store/gate-store.ts";

/** `fromMs` is part of it, `toMs` is not. */
export type UsageRange = { fromMs: number; toMs: number; limit: number };

/** A clock that is further behind is wrong, and the charges of so long a time would all be dated after the span. */
const MAX_BEHIND_MS = 60 * 60_000;

/** `nextFromMs`: where the next page begins; null: this is the last one. `user` null: nothing was ever charged here. */
export type ChargePage = {
  user: { userKey: string; issuer: string; subject: string } | null;
  charges: Charge[];
  nextFromMs: number | null;
};

export function chargePage(store: GateStore, { fromMs, toMs, limit }: UsageRange, nowMs: number): ChargePage {
  const shownBeforeMs = store.mark("shown_to_ms") ?? 0;
  // What lies ahead is not complete: the span ends behind the last charge there is.
  const endMs = Math.min(toMs, Math.max(nowMs, store.charges.lastAtMs + 1, shownBeforeMs));
  const found = store.charges.page(fromMs, endMs, limit + 1);
  const charges = found.slice(0, limit);
  const next = found[limit];
  const shownToMs = next?.chargedAtMs ?? endMs;
  if (shownToMs > shownBeforeMs) store.setMark("shown_to_ms", shownToMs);
  return { user: store.mark("user") ?? null, charges, nextFromMs: next?.chargedAtMs ?? null };
}

/**
 * A page of a span that is past by the clock of its asker, who takes it for complete: later charges are dated after it, also
 * where the gate's own clock is behind. Null: it is too far behind for that.
 */
export function pastChargePage(store: GateStore, range: UsageRange, nowMs: number): ChargePage | null {
  return range.toMs > nowMs + MAX_BEHIND_MS ? null : chargePage(store, range, Math.max(nowMs, range.toMs));
}
