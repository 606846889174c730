// Which dead letters a redelivery comes to next, and where it stands after them. Those that were chosen one by one come
// in the order in which they were given; the others from the newest to the oldest, as they are listed.
import { hostOf } from "../callbacks/destination.ts";
import type { Job } from "./journal.ts";
import { cursorOf, NEWEST, type Place, placeOf } from "./place.ts";
import { lettersIn } from "./store.ts";

/** `position`: a cursor, or how many of the chosen ones are behind it. */
export type Letters = { runs: string[]; position: string; finished: boolean };

const LETTERS_A_STEP = 50;
/** Of other hosts, too. */
const READ_A_STEP = 1_000;

export async function nextLetters(db: D1Database, job: Job): Promise<Letters> {
  const { run_ids: chosen } = job.filter;
  return chosen === null ? nextListed(db, job) : nextChosen(chosen, Number(job.position ?? 0));
}

function nextChosen(chosen: readonly string[], done: number): Letters {
  const end = done + LETTERS_A_STEP;
  return { runs: chosen.slice(done, end), position: String(end), finished: end >= chosen.length };
}

async function nextListed(db: D1Database, { filter, position, created_at }: Job): Promise<Letters> {
  const { host, from, to } = filter;
  // What is accepted after the job was begun was never meant by it.
  const newest: Place = { ...NEWEST, atMs: Date.parse(to ?? created_at) };
  const after = (position === null ? null : placeOf(position)) ?? newest;
  const rows = await lettersIn(db, {
    after,
    fromMs: from === null ? 0 : Date.parse(from),
    limit: READ_A_STEP,
  });
  const fitting = rows.filter((row) => host === null || hostOf(row.callback_url) === host);
  const runs = fitting.slice(0, LETTERS_A_STEP);
  const isCut = fitting.length > LETTERS_A_STEP;
  const last = isCut ? runs.at(-1) : rows.at(-1);
  return {
    runs: runs.map(({ run_id }) => run_id),
    position: cursorOf(last === undefined ? after : { atMs: last.accepted_at_ms, id: last.run_id }),
    finished: !isCut && rows.length < READ_A_STEP,
  };
}
