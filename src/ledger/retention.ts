// What is older than the retention leaves the ledger, oldest first. Each invocation does a bounded piece of it in
// small transactions, so that the consumer's writes, which share the one writer, get their turn in between.
import { log } from "../observability/log.ts";
import { removeOlderThan } from "./repository.ts";

const DAY_MS = 86_400_000;
const RUNS_A_ROUND = 500;
/** Three statements each, of the thousand that an invocation may send to D1. */
const MAX_ROUNDS = 250;

/** `finished`: nothing that is too old is left. */
export type Sweep = { removedRuns: number; finished: boolean };

/** Every five minutes this keeps up with 36 million runs a day. */
export async function sweepLedger(db: D1Database, retentionDays: number, nowMs: number): Promise<Sweep> {
  const startedAtMs = Date.now();
  const { removedRuns, finished } = await removeInRounds(db, nowMs - retentionDays * DAY_MS);
  const total_ms = Date.now() - startedAtMs;
  log({ event: "ledger.swept", removed_runs: removedRuns, finished, total_ms });
  return { removedRuns, finished };
}

async function removeInRounds(db: D1Database, cutoffMs: number): Promise<Sweep> {
  let removedRuns = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const removed = await removeOlderThan(db, cutoffMs, RUNS_A_ROUND);
    removedRuns += removed;
    if (removed < RUNS_A_ROUND) return { removedRuns, finished: true };
  }
  return { removedRuns, finished: false };
}
