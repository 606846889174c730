// What a gate does for its storage now and then: drop the tables whose time is over, and make room before the platform's
// 10 GB an object are full. Charges are never dropped early. An alarm does a bounded part of it, in steps that stand when a
// later one is cut off.
import { log } from "../platform/observability/log.ts";
import { REPLAY_MS } from "../runs/claim.ts";
import type { Counter } from "./counter.ts";
import { toDeadLetter } from "./dead-letter.ts";
import type { GateStore } from "./store/gate-store.ts";
import type { Partition } from "./store/partitions.ts";

const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;

export type Retention = { runDays: number; chargeDays: number };
/** In bytes: from `freeSpaceAt` on tables are dropped early, from `fullAt` on no promise is taken. */
export type SpaceLimits = { freeSpaceAt: number; fullAt: number };

export const SPACE: SpaceLimits = { freeSpaceAt: 9 * GIB, fullAt: 9.5 * GIB };
/** Dead letters that are moved in one transaction. */
const DEAD_LETTERS_A_STEP = 500;
const STEPS_AN_ALARM = 10;

/** `gate` names the object in the log. Says whether there is nothing left to do. */
export async function maintainStorage(
  gate: string,
  store: GateStore,
  counter: Counter,
  retention: Retention,
  nowMs: number,
): Promise<boolean> {
  // The alarm that was set before this is written, whatever becomes of the object here.
  await scheduler.wait(0);
  dropExpired(store, retention, nowMs);
  for (let steps = 0; steps < STEPS_AN_ALARM; steps += 1) {
    const what = freeSpace(store, counter, SPACE, nowMs);
    if (what === null) return true;
    if (what !== "dead_letters_moved") log({ event: "gate.dropped_early", gate, what, bytes: store.bytes });
    // The same for this step. Others have their turn.
    await scheduler.wait(0);
  }
  return false;
}

function dropExpired(store: GateStore, { runDays, chargeDays }: Retention, nowMs: number): void {
  store.answers.dropExpired(nowMs);
  const beforeMs = store.endedRuns.dropExpired(nowMs - runDays * DAY_MS);
  if (beforeMs !== null && store.mark("dead_letters") === true)
    store.outbox.add({ kind: "expired", beforeMs });
  store.charges.dropExpired(nowMs - chargeDays * DAY_MS);
  store.dropUnused();
}

/**
 * What was dropped early: the oldest week of ended runs, or else the oldest day of answers. `dead_letters_moved`: some of that
 * week's dead letters went on into the present week, and more of them are there. Null: nothing had to be dropped.
 */
export function freeSpace(
  store: GateStore,
  counter: Counter,
  { freeSpaceAt }: SpaceLimits,
  nowMs: number,
): "dead_letters_moved" | "ended_runs" | "answers" | null {
  if (store.bytes < freeSpaceAt) return null;
  // Its runs have all ended 72 hours ago: until then their ids may come again.
  const week = store.endedRuns.oldest(nowMs - REPLAY_MS);
  if (week !== null) {
    if (moveDeadLetters(store, counter, week, nowMs) === DEAD_LETTERS_A_STEP) return "dead_letters_moved";
    store.endedRuns.drop(week);
    return "ended_runs";
  }
  if (!store.answers.dropOldest()) return null;
  store.setMark("incomplete_since_ms", nowMs);
  return "answers";
}

/** Says how many. From now on the operators' index counts their age, too, from this moment. */
function moveDeadLetters(store: GateStore, counter: Counter, { period }: Partition, nowMs: number): number {
  return store.atomically(() => {
    const deadLetters = store.endedRuns.deadLetters(
      { week: period, runKey: "", seq: 0 },
      DEAD_LETTERS_A_STEP,
    );
    for (const deadLetter of deadLetters) {
      store.endedRuns.move(deadLetter, nowMs, counter.forRow());
      store.outbox.add({
        kind: "dead_letter",
        deadLetter: toDeadLetter({ ...deadLetter, finishedAtMs: nowMs }),
      });
    }
    return deadLetters.length;
  });
}
