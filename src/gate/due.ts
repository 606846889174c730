// What an alarm does of all that is due. Pointers and reviews have places of their own, and a run that somebody has
// already takes none, so that however many wait for the one, the other goes on.
import { isAbandoned, isFinished, type Run } from "./run.ts";

/** As much of a row as says what is due of it. */
export type Due = {
  key: string;
  /** When its claim is reviewed next; null without a claim. */
  reviewAtMs: number | null;
  run: Run | null;
};

/** `isCut`: there is more than this, and nobody has it. */
type Batch = { keys: string[]; isCut: boolean };

const SEND_BATCH = 500;
/** Each review asks KV, and an invocation has a thousand questions. */
const REVIEW_BATCH = 100;

/** Those whose turn it is of rows that are due. Asks for no more of them than it takes to know. */
export function pickDue(
  due: Iterable<Due>,
  isHeld: (key: string) => boolean,
  nowMs: number,
): { toSend: Batch; toReview: Batch } {
  const [toSend, toReview]: [Batch, Batch] = [emptyBatch(), emptyBatch()];
  for (const row of due) {
    if (wantsPointer(row, nowMs) && !isHeld(row.key)) add(toSend, row.key, SEND_BATCH);
    if (needsReview(row, nowMs)) add(toReview, row.key, REVIEW_BATCH);
    if (toSend.isCut && toReview.isCut) break;
  }
  return { toSend, toReview };
}

function emptyBatch(): Batch {
  return { keys: [], isCut: false };
}

function add(batch: Batch, key: string, limit: number): void {
  if (batch.keys.length < limit) batch.keys.push(key);
  else batch.isCut = true;
}

function wantsPointer({ run }: Due, nowMs: number): boolean {
  if (run === null || isFinished(run) || nowMs < run.dueAtMs) return false;
  return run.status !== "forwarding" || (run.named !== null && !isAbandoned(run, nowMs));
}

/** Its claim is due, or its start has gone unanswered for so long that something must be decided. */
export function needsReview({ reviewAtMs, run }: Due, nowMs: number): boolean {
  if (run?.status === "forwarding" && nowMs >= (run.named === null ? run.dueAtMs : run.giveUpAtMs))
    return true;
  return reviewAtMs !== null && nowMs >= reviewAtMs;
}
