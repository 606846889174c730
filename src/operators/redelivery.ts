// Redelivery batches: many dead letters sent again, or dismissed. The job is a row in D1; a queue message only says "go on with it", and
// the consumer that takes it works on fifty dead letters, notes how far it came, and sends the next message. A message that gets
// lost changes nothing but timing: a read of a stalled job, and the cron, send another one. Of two consumers with one
// job the second leaves at once; one that was taken for dead finds that its work no longer counts.
import type { Operator } from "../auth/operator.ts";
import { NO_HOST } from "../contract/search-values.ts";
import { GateClient } from "../gate/client.ts";
import { sendMessage } from "../gate/run-message.ts";
import { formatTime } from "../platform/date-time.ts";
import { memberOf } from "../platform/json.ts";
import { log } from "../platform/observability/log.ts";
import type { Services } from "../services/services.ts";
import { dismissRun, redeliverRun } from "./actions.ts";
import { newEntry } from "./audit.ts";
import {
  addRedelivery,
  holdJob,
  progressJob,
  type RedeliveryJob,
  readJob,
  readOutcomes,
  stalledJobs,
  wakeJob,
} from "./audit-store.ts";
import { type Cursor, decodeCursor, encodeCursor, NEWEST } from "./cursor.ts";
import { isDeadLetter } from "./find-run.ts";
import { findDeadLetters, fitsFilter, readDeadLetters } from "./index-store.ts";
import type { Redelivery, RedeliveryFilter } from "./views.ts";

export type RedeliveryMessage = { v: 1; redelivery: string };

type Deps = Pick<Services, "operatorsDb" | "gates" | "queue">;

/** Longer than a consumer works on fifty dead letters. */
const STALLED_AFTER_MS = 30_000;
const BATCH_RUNS = 50;
/** Of other hosts and reasons, too. */
const READ_A_STEP = 1_000;
const GATES_AT_ONCE = 5;
const MAX_WOKEN = 20;

/** Null when it is no message of this version and kind. */
export function parseRedelivery(body: unknown): RedeliveryMessage | null {
  const [v, redelivery] = [memberOf(body, "v"), memberOf(body, "redelivery")];
  return v === 1 && typeof redelivery === "string" ? { v, redelivery } : null;
}

/** Begins one. `dismissal`: the operator's reason to dismiss them; null: they are sent again. Throws when D1 does not take it: then nothing has begun. */
export async function startRedelivery(
  deps: Deps,
  operator: Operator,
  filter: RedeliveryFilter,
  dismissal: string | null,
): Promise<Redelivery> {
  const [action, why] =
    dismissal === null ? (["redeliver_many", ""] as const) : (["dismiss_many", `: ${dismissal}`] as const);
  const noted = newEntry(operator, action, null, `${describe(filter)}${why}`);
  await addRedelivery(deps.operatorsDb, filter, dismissal, { ...noted, target: noted.id });
  await sendOn(deps.queue, noted.id);
  return {
    id: noted.id,
    operator: operator.name,
    filter,
    dismissal,
    status: "running",
    created_at: formatTime(noted.at_ms),
    examined: 0,
    sent: 0,
    skipped: 0,
    delivered: 0,
    failed: 0,
  };
}

/** How far it is; a stalled one is sent round again. Null when there is none. */
export async function readRedelivery(deps: Deps, id: string): Promise<Redelivery | null> {
  const job = await readJob(deps.operatorsDb, id);
  if (job === null) return null;
  await wake(deps, job.id);
  return { ...toView(job), ...(await readOutcomes(deps.operatorsDb, job.id)) };
}

/** For the cron. */
export async function wakeRedeliveries(deps: Deps, nowMs: number): Promise<void> {
  const stalled = await stalledJobs(deps.operatorsDb, nowMs - STALLED_AFTER_MS, MAX_WOKEN);
  for (const id of stalled) await wake(deps, id);
}

/** What the consumer does with a message. Throws when D1 does not answer. */
export async function workRedelivery(deps: Deps, id: string): Promise<void> {
  const holder = crypto.randomUUID();
  const job = await holdJob(deps.operatorsDb, id, holder, Date.now(), Date.now() - STALLED_AFTER_MS);
  if (job === null) return;
  const { runs, examined, position, finished } = await nextBatch(deps.operatorsDb, job);
  const sent = await sendAll(deps, job, runs);
  const progress = { position, finished, examined, sent, skipped: examined - sent };
  const counted = await progressJob(deps.operatorsDb, id, holder, progress, Date.now());
  if (counted && !finished) await sendOn(deps.queue, id);
}

type BatchRun = { runId: string; gate: string };

/**
 * `examined` counts those among them, too, that are no dead letters any more. `position`: a cursor, or how many of the
 * chosen ones are behind it.
 */
type Batch = { runs: BatchRun[]; examined: number; position: string; finished: boolean };

// Those that were chosen one by one come in the order in which they were given; the others from the newest to the oldest, as
// they are listed.
async function nextBatch(db: D1Database, job: RedeliveryJob): Promise<Batch> {
  const { run_ids: chosen } = job.filter;
  return chosen === null ? nextListed(db, job) : nextChosen(db, chosen, Number(job.position ?? 0));
}

async function nextChosen(db: D1Database, chosen: readonly string[], done: number): Promise<Batch> {
  const end = done + BATCH_RUNS;
  const runIds = chosen.slice(done, end);
  const runs = (await findDeadLetters(db, runIds)).map(toBatchRun);
  // Two users may have dead letters of one run id.
  const unknown = runIds.length - new Set(runs.map(({ runId }) => runId)).size;
  return {
    runs,
    examined: runs.length + unknown,
    position: String(end),
    finished: end >= chosen.length,
  };
}

async function nextListed(db: D1Database, { filter, position, created_at }: RedeliveryJob): Promise<Batch> {
  const { host, reason, http_status, dismissed, from, to } = filter;
  // A dead letter from after the start of the job is no part of it.
  const newest: Cursor = { ...NEWEST, atMs: Date.parse(to ?? created_at) };
  const after = (position === null ? null : decodeCursor(position)) ?? newest;
  const rows = await readDeadLetters(db, {
    after,
    fromMs: from === null ? 0 : Date.parse(from),
    limit: READ_A_STEP,
    dismissed,
  });
  const fitting = rows.filter((row) => fitsFilter(row, { host, reason, http_status }));
  const taken = fitting.slice(0, BATCH_RUNS);
  const isCut = fitting.length > BATCH_RUNS;
  const last = isCut ? taken.at(-1) : rows.at(-1);
  return {
    runs: taken.map(toBatchRun),
    examined: taken.length,
    position: encodeCursor(last === undefined ? after : { atMs: last.died_at_ms, id: last.run_id }),
    finished: !isCut && rows.length < READ_A_STEP,
  };
}

function toBatchRun({ run_id, gate }: { run_id: string; gate: string }): BatchRun {
  return { runId: run_id, gate };
}

/** How many of them are on their way, or dismissed. */
async function sendAll(deps: Deps, job: RedeliveryJob, runs: readonly BatchRun[]): Promise<number> {
  const left = [...runs];
  let sent = 0;
  const work = async () => {
    for (let run = left.shift(); run !== undefined; run = left.shift())
      if (await sendOne(deps, job, run)) sent += 1;
  };
  await Promise.all(Array.from({ length: GATES_AT_ONCE }, work));
  return sent;
}

// The index may be late, so the gate is asked whether the run is a dead letter still. One whose gate is away stays a dead
// letter, and must not hold up the others.
async function sendOne(
  { gates }: Deps,
  { id, operator, dismissal }: RedeliveryJob,
  { runId, gate: gateId }: BatchRun,
): Promise<boolean> {
  const gate = GateClient.byId(gates, gateId);
  try {
    const record = gate && (await gate.findRun(runId));
    if (gate === null) return false;
    if (record === null || !isDeadLetter(record)) {
      await gate.checkDeadLetter(runId);
      return false;
    }
    const found = { gate, record };
    const effect =
      dismissal === null ? await redeliverRun(found, id) : await dismissRun(found, operator, dismissal);
    return effect.kind === "done";
  } catch (error) {
    log({ event: "redelivery.run_failed", redelivery: id, error });
    return false;
  }
}

async function wake({ operatorsDb, queue }: Deps, id: string): Promise<void> {
  const nowMs = Date.now();
  if (await wakeJob(operatorsDb, id, nowMs, nowMs - STALLED_AFTER_MS)) await sendOn(queue, id);
}

// The next read of the job, and the cron, make up for a message that the queue did not take.
async function sendOn(queue: Queue, id: string): Promise<void> {
  const message: RedeliveryMessage = { v: 1, redelivery: id };
  try {
    await sendMessage(queue, message);
  } catch (error) {
    log({ event: "redelivery.unsent", redelivery: id, error });
  }
}

function toView({ position: _position, movedAtMs: _movedAtMs, ...job }: RedeliveryJob) {
  return job;
}

/** The filter in words, for the audit. */
function describe({ run_ids, host, reason, http_status, dismissed, from, to }: RedeliveryFilter): string {
  if (run_ids !== null) return `${run_ids.length} chosen`;
  const parts = [
    host && (host === NO_HOST ? "without a callback" : `to ${host}`),
    reason && `because of ${reason}`,
    http_status && `with status ${http_status}`,
    dismissed && "of those dismissed before",
    from && `from ${from}`,
    to && `before ${to}`,
  ];
  return parts.filter(Boolean).join(", ") || "all";
}
