// What a gate shows to operators: its counts as they are, and the rows that are due first. It changes nothing.
import type { Claim } from "./claim.ts";
import { expiresAtMs, isExpired } from "./claim.ts";
import type { Counter } from "./counter.ts";
import type { Row } from "./row.ts";
import { isFinished, type Run } from "./run.ts";
import type { GateStore } from "./store.ts";
import type { Window } from "./window.ts";

export type Inspection = {
  /** Open ones only. */
  windows: { runs: Window | null; results: Window | null };
  unfinished: { key: string; run: Run; hasCallback: boolean }[];
  claims: { id: string; status: Claim["status"]; sinceMs: number; endsAtMs: number }[];
  /** Null when no row says it. */
  user: { issuer: string; subject: string } | null;
};

const MAX_SHOWN = 200;
/** A finished run stays for its claim, so more is read than is shown. */
const MAX_READ = 600;

export function inspect(store: GateStore, counter: Counter, nowMs: number): Inspection {
  const rows = store.earliestRows(MAX_READ);
  const { runs, results } = counter.windows;
  const intent = rows.find((row) => row.intent !== null)?.intent ?? null;
  return {
    windows: { runs: openOf(runs, nowMs), results: openOf(results, nowMs) },
    unfinished: rows.flatMap(unfinishedOf).slice(0, MAX_SHOWN),
    claims: rows.flatMap((row) => claimOf(row, nowMs)).slice(0, MAX_SHOWN),
    user: intent && { issuer: intent.issuer, subject: intent.subject },
  };
}

function openOf(window: Window | null, nowMs: number): Window | null {
  return window !== null && nowMs < window.endsAtMs ? window : null;
}

function unfinishedOf({ key, run, intent }: Row): Inspection["unfinished"] {
  if (run === null || isFinished(run)) return [];
  return [{ key, run, hasCallback: intent?.callbackUrl != null }];
}

function claimOf({ key, claim }: Row, nowMs: number): Inspection["claims"] {
  if (claim === null || isExpired(claim, nowMs)) return [];
  const sinceMs = claim.status === "settled" ? claim.settledAtMs : claim.claimedAtMs;
  return [{ id: key, status: claim.status, sinceMs, endsAtMs: expiresAtMs(claim) }];
}
