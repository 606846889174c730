// One look at one run, doing whatever it needs in one go: read its end, deliver it, book it, and report to the gate.
// It may be killed after any line. Nothing is lost then, because the gate still has the run as it was; what was done
// already may be done again, which a receiver tells by the webhook-id and the books by their keys.
import type { Attempt } from "../callbacks/attempt.ts";
import { hostOf } from "../callbacks/destination.ts";
import type { Work } from "../gate/admission.ts";
import { firstAttempt, type PutOff } from "../gate/delivery.ts";
import { advance, type EndedRun, type Sighting } from "../gate/run.ts";
import type { Hold, Room } from "../load.ts";
import { isolateSums } from "../observability/isolate-sums.ts";
import { countAttempt, hostHashOf } from "../observability/metrics.ts";
import { beginTrace, type Trace } from "../observability/trace.ts";
import { OutboundNoRoom } from "../outbound/guard.ts";
import type { Upstream } from "../upstream/client.ts";
import { countAbandoned, countEnd, isAbandoned } from "./count-ends.ts";
import { type DeliveryDeps, deliverRun, restUntilMs } from "./deliver-run.ts";
import { keepBody, keptBody } from "./kept-body.ts";
import { deliveryStateOf, ledgerEntries } from "./ledger-entries.ts";
import { type RunEnd, readEnd } from "./read-end.ts";
import type { Recorder } from "./recorder.ts";
import type { Shift } from "./shift.ts";

export type MoveDeps = DeliveryDeps & {
  kv: KVNamespace;
  upstream: Upstream;
  recorder: Recorder;
  metrics: AnalyticsEngineDataset | undefined;
  room: Room;
  shift: Shift;
};

/** Until there may be room for a result, or a connection to its receiver, again. */
const CROWDED_MS = 5_000;

type Seen = Extract<Sighting, { kind: "ended" }>;
/** What goes on while the books are told. */
type Told = Pick<Seen, "attempt" | "putOff"> & { bodyKept: Promise<boolean>; hostTold: Promise<void> };

const NOTHING: Told = {
  attempt: null,
  putOff: null,
  bodyKept: Promise.resolve(false),
  hostTold: Promise.resolve(),
};
/** Of a run whose end has just been seen. */
const FRESH = firstAttempt(0, 0);

/** `queuedMs`: how long its message was on its way. */
type Look = { hold: Hold; trace: Trace; queuedMs: number };

/** What there is to report of the run. */
export async function moveRun(deps: MoveDeps, work: Work, queuedMs: number): Promise<Sighting> {
  isolateSums.countMessage(queuedMs);
  const hold = deps.room.enter(Date.now());
  try {
    return await lookAt(deps, work, { hold, trace: beginTrace(), queuedMs });
  } finally {
    hold.leave();
  }
}

async function lookAt(deps: MoveDeps, work: Work, look: Look): Promise<Sighting> {
  const { run, runId } = work;
  const stamp = { revision: run.revision, random: Math.random() };
  const end = await endOf(deps, work, look);
  if (end.kind === "crowded") return { ...stamp, kind: "unseen", unknown: false, atMs: Date.now() };
  if (end.kind === "waiting") return { ...stamp, kind: "waiting", runId, atMs: Date.now() };
  if (end.kind === "unseen") return { ...stamp, kind: "unseen", unknown: end.unknown, atMs: Date.now() };
  const endedAtMs = run.status === "ended" ? run.endedAtMs : Date.now();
  const { attempt, putOff, ...going } = await tell(deps, work, end.body, look);
  const told = { attempt, putOff, runId, result: end.result, endedAtMs, atMs: Date.now() };
  const seen: Seen = { ...stamp, ...told, kind: "ended", bodyKept: false, booked: false };
  const [bodyKept, booked] = await Promise.all([
    going.bodyKept,
    book(deps, work, seen, look.queuedMs),
    going.hostTold,
  ]);
  return { ...seen, bodyKept, booked };
}

type End = Exclude<RunEnd, { kind: "ended" }> | { kind: "ended"; result: EndedRun["result"]; body: ReadBody };

/** `kept`: KV has it. `bytes`: null when they are too many for anybody to be sent. */
type Body = { kind: "body"; bytes: Uint8Array | null; kept: boolean };

/** `unseen`: nobody has it. */
type ReadBody = () => Promise<Body | Exclude<RunEnd, { kind: "ended" }>>;

// An ended run's body is fetched only if somebody is to be sent it.
async function endOf(deps: MoveDeps, work: Work, look: Look): Promise<End> {
  const { run } = work;
  if (run.status === "ended")
    return { kind: "ended", result: run.result, body: () => bodyOf(deps, work, run.bodyKept, look) };
  const end = await read(deps, work, look);
  if (end.kind !== "ended") return end;
  return { ...end, body: async () => ({ kind: "body", bytes: end.body, kept: false }) };
}

async function read({ shift, upstream, settings }: MoveDeps, work: Work, look: Look): Promise<RunEnd> {
  const { intent, runId } = work;
  const end = await shift.read((untilMs) => readEnd(upstream, settings, intent, runId, { ...look, untilMs }));
  return end ?? { kind: "crowded" };
}

async function bodyOf(deps: MoveDeps, work: Work, isKept: boolean, look: Look): ReturnType<ReadBody> {
  try {
    const { intent, runId } = work;
    const kept = isKept ? await keptBody(deps.kv, intent.userKey, runId, look.hold) : null;
    if (kept !== null) return { kind: "body", bytes: kept, kept: true };
  } catch (error) {
    if (error instanceof OutboundNoRoom) return { kind: "crowded" };
    throw error;
  }
  const end = await read(deps, work, look);
  return end.kind === "ended" ? { kind: "body", bytes: end.body, kept: false } : end;
}

async function tell(
  deps: MoveDeps,
  { run, intent, runId }: Work,
  body: ReadBody,
  { trace }: Look,
): Promise<Told> {
  const { callbackUrl, userKey, publicUrl } = intent;
  if (callbackUrl === null) return NOTHING;
  const delivery = run.status === "ended" ? run.delivery : FRESH;
  if (delivery.kind !== "pending" || Date.now() < delivery.nextAtMs) return NOTHING;
  const { made, restedSinceMs } = delivery;
  // Whoever was put off before most likely is again: it asks before it reads.
  const untilMs = restedSinceMs === null ? null : await restUntilMs(deps, callbackUrl, userKey);
  if (untilMs !== null) return postponed("rest", untilMs);
  const result = await body();
  // Nobody is to blame: it costs no attempt.
  if (result.kind === "crowded") return postponed("room", Date.now() + CROWDED_MS);
  if (result.kind !== "body" || result.bytes === null) return { ...NOTHING, attempt: unreadable(made + 1) };
  const { bytes, kept } = result;
  // Later attempts, and redeliveries, must not depend on the upstream.
  const keep = async () => !kept && (await keepBody(deps.kv, userKey, runId, bytes));
  const { traceId } = trace;
  const parcel = { userKey, callbackUrl, publicUrl, runId, traceId, body: bytes, made };
  const delivered = await deps.shift.attempt(() => deliverRun(deps, parcel));
  if (delivered === null) return { ...postponed("room", Date.now() + CROWDED_MS), bodyKept: keep() };
  if (delivered.kind === "resting") return { ...postponed("rest", delivered.untilMs), bodyKept: keep() };
  const { attempt, told } = delivered;
  const bodyKept = attempt.outcome.kind === "failed" ? keep() : NOTHING.bodyKept;
  return { attempt, putOff: null, bodyKept, hostTold: told };
}

function postponed(why: PutOff["why"], untilMs: number): Told {
  return { ...NOTHING, putOff: { untilMs, why } };
}

function unreadable(number: number): Attempt {
  const outcome = {
    kind: "failed",
    status: null,
    failure: "result could not be read",
    retryAfterSeconds: null,
  } as const;
  return { number, atMs: Date.now(), durationMs: 0, outcome };
}

async function book(deps: MoveDeps, { run, intent }: Work, seen: Seen, queuedMs: number): Promise<boolean> {
  const next = advance(run, intent, seen, deps.rules);
  if (next.status !== "ended") throw new Error("an end was seen, and the run has not ended");
  const known = run.status === "ended" ? run.unbooked.attempts.length : 0;
  const attempt = next.unbooked.attempts[known];
  // A later moment for the next attempt is the gate's to know: of a host that is down there would be a row a look.
  if (run.status === "ended" && !run.unbooked.run && attempt === undefined) return true;
  const counted = attempt && count(deps.metrics, next, intent, attempt, queuedMs);
  if (run.status !== "ended") countEnd(next, intent);
  const recorded = ledgerEntries(next, intent).map((entry) => deps.recorder.record(entry));
  const [, ...booked] = await Promise.all([counted, ...recorded]);
  const isBooked = booked.every(Boolean);
  if (isBooked && isAbandoned(run)) countAbandoned(next, intent);
  return isBooked;
}

// Here, where it is known what the attempt means for its delivery.
async function count(
  dataset: MoveDeps["metrics"],
  run: EndedRun,
  { userKey, callbackUrl }: Work["intent"],
  { outcome, number, atMs, durationMs }: Attempt,
  queuedMs: number,
): Promise<void> {
  const host = hostOf(callbackUrl) ?? "";
  const counted = {
    outcome: outcome.kind,
    failure: outcome.kind === "failed" ? outcome.failure : null,
    delivery: deliveryStateOf(run.delivery),
    number,
    durationMs,
    sinceEndMs: Math.max(0, atMs - run.endedAtMs),
  };
  isolateSums.countAttempt({ ...counted, host });
  const { status } = outcome;
  countAttempt(dataset, { ...counted, user: userKey, status, hostHash: await hostHashOf(host), queuedMs });
}
