// What a gate does for its storage now and then: drop the tables whose time is over, and make room before the platform's
// 10 GB an object are full. Charges are never dropped early.
import { log } from "../platform/observability/log.ts";
import { REPLAY_MS } from "../runs/claim.ts";
import type { Counter } from "./counter.ts";
import { toDeadLetter } from "./letter.ts";
import { isLetter } from "./runs.ts";
import type { GateStore } from "./store/gate-store.ts";

const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;

export type Retention = { runDays: number; chargeDays: number };
/** In bytes: from `makeRoomAt` on tables are dropped early, from `fullAt` on no promise is taken. */
export type SpaceLimits = { makeRoomAt: number; fullAt: number };

export const SPACE: SpaceLimits = { makeRoomAt: 9 * GIB, fullAt: 9.5 * GIB };
const PAGE = 500;

/** `gate` names the object in the log. */
export function tendStorage(
  gate: string,
  store: GateStore,
  counter: Counter,
  retention: Retention,
  nowMs: number,
): void {
  dropExpired(store, retention, nowMs);
  for (;;) {
    const what = makeRoom(store, counter, SPACE, nowMs);
    if (what === null) return;
    log({ event: "gate.dropped_early", gate, what, bytes: store.bytes });
  }
}

function dropExpired(store: GateStore, { runDays, chargeDays }: Retention, nowMs: number): void {
  store.answers.dropExpired(nowMs);
  const beforeMs = store.endedRuns.dropExpired(nowMs - runDays * DAY_MS);
  if (beforeMs !== null && store.mark("letters") === true) store.outbox.add({ kind: "expired", beforeMs });
  store.charges.dropExpired(nowMs - chargeDays * DAY_MS);
  store.dropUnused();
}

/** What was dropped early: the oldest week of ended runs, or else the oldest day of answers. Null: nothing had to be. */
export function makeRoom(
  store: GateStore,
  counter: Counter,
  { makeRoomAt }: SpaceLimits,
  nowMs: number,
): "ended_runs" | "answers" | null {
  if (store.bytes < makeRoomAt) return null;
  if (dropOldestWeek(store, counter, nowMs)) return "ended_runs";
  if (!store.answers.dropOldest()) return null;
  store.setMark("incomplete_since_ms", nowMs);
  return "answers";
}

/** Dead letters go on into the present week. False: there is no week whose runs have all ended 72 hours ago. */
function dropOldestWeek(store: GateStore, counter: Counter, nowMs: number): boolean {
  const week = store.endedRuns.oldest(nowMs - REPLAY_MS);
  if (week === null) return false;
  store.atomically(() => {
    let seq = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = store.endedRuns
        .page({ week: week.period, seq }, PAGE)
        .filter((row) => row.week === week.period);
      for (const row of rows.filter(({ run, terms }) => isLetter(run, terms))) {
        store.endedRuns.move(row, nowMs, counter.forRow());
        // From now on the operators' index counts its age, too, from this moment.
        store.outbox.add({ kind: "dead_letter", letter: toDeadLetter({ ...row, finishedAtMs: nowMs }) });
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      seq = last.seq;
    }
    store.endedRuns.drop(week);
  });
  return true;
}
