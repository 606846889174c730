// Which dead letters a redelivery batch comes to next, and where it stands after them. Those that were chosen one by one
// come in the order in which they were given; the others from the newest to the oldest, as they are listed.

import type { RedeliveryJob } from "./audit-store.ts";
import { type Cursor, decodeCursor, encodeCursor, NEWEST } from "./cursor.ts";
import { fitsLetter } from "./dead-letters.ts";
import { findLetters, readLetters } from "./index-store.ts";

export type Letter = { runId: string; gate: string };

/**
 * `examined` counts those among them, too, that are no dead letters any more. `position`: a cursor, or how many of the
 * chosen ones are behind it.
 */
export type Letters = { letters: Letter[]; examined: number; position: string; finished: boolean };

const LETTERS_A_STEP = 50;
/** Of other hosts and reasons, too. */
const READ_A_STEP = 1_000;

export async function nextLetters(db: D1Database, job: RedeliveryJob): Promise<Letters> {
  const { run_ids: chosen } = job.filter;
  return chosen === null ? nextListed(db, job) : nextChosen(db, chosen, Number(job.position ?? 0));
}

async function nextChosen(db: D1Database, chosen: readonly string[], done: number): Promise<Letters> {
  const end = done + LETTERS_A_STEP;
  const runIds = chosen.slice(done, end);
  const letters = (await findLetters(db, runIds)).map(toLetter);
  return { letters, examined: runIds.length, position: String(end), finished: end >= chosen.length };
}

async function nextListed(db: D1Database, { filter, position, created_at }: RedeliveryJob): Promise<Letters> {
  const { host, reason, from, to } = filter;
  // What is given up after the job was begun was never meant by it.
  const newest: Cursor = { ...NEWEST, atMs: Date.parse(to ?? created_at) };
  const after = (position === null ? null : decodeCursor(position)) ?? newest;
  const rows = await readLetters(db, {
    after,
    fromMs: from === null ? 0 : Date.parse(from),
    limit: READ_A_STEP,
  });
  const fitting = rows.filter((row) => fitsLetter(row, { host, reason }));
  const taken = fitting.slice(0, LETTERS_A_STEP);
  const isCut = fitting.length > LETTERS_A_STEP;
  const last = isCut ? taken.at(-1) : rows.at(-1);
  return {
    letters: taken.map(toLetter),
    examined: taken.length,
    position: encodeCursor(last === undefined ? after : { atMs: last.died_at_ms, id: last.run_id }),
    finished: !isCut && rows.length < READ_A_STEP,
  };
}

function toLetter({ run_id, gate }: { run_id: string; gate: string }): Letter {
  return { runId: run_id, gate };
}
