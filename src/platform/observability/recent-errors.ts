// The latest errors, so that an operator finds out what fails and for whom. Plain data without clock or storage. What an
// error may say is a closed list, as a log line's: no token, body, path, URL, subject or text of another party, and there is
// a bound to how many of them are kept of each kind, so that a flood of one kind does not hide the others.
import { isWatching, type RequestServed } from "./log.ts";

/** `upstream`: it failed; `gateway`: any other 5xx; `limited`: a 429; `refused`: any other 4xx; `callback`: an attempt failed; `run`: it ended in an error. */
export const ERROR_KINDS = ["upstream", "gateway", "limited", "refused", "callback", "run"] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export type RecentError = {
  atMs: number;
  kind: ErrorKind;
  /** The route's pattern; null: a callback or a run. */
  route: string | null;
  /** The id of the stored action; null: there is none. */
  action: string | null;
  /** Of the receiver. */
  host: string | null;
  /** Of the published errors; of a callback, why the attempt failed. */
  code: string | null;
  /** Of the answer; of a callback, the receiver's. */
  status: number | null;
  upstreamStatus: number | null;
  user: string | null;
  requestId: string | null;
  runId: string | null;
};

/** The oldest first. */
export type RecentErrors = Map<ErrorKind, RecentError[]>;

/** What an answer says beside its log line. */
export type AnswerNotes = { action: string | null; code: string | null; upstreamStatus: number | null };

/** Of each kind: what an isolate hands over, and what is kept of all of them. */
export const MAX_OF_ISOLATE = 10;
export const MAX_KEPT = 100;

/** Null: it is none. */
export function toRequestError(served: RequestServed, notes: AnswerNotes, nowMs: number): RecentError | null {
  const { route, status, user, request_id: requestId, run_id: runId } = served;
  if (status < 400 || isWatching(route)) return null;
  return { atMs: nowMs, kind: kindOf(served), route, host: null, status, user, requestId, runId, ...notes };
}

function kindOf({ status, outcome }: RequestServed): ErrorKind {
  if (status === 429) return "limited";
  if (outcome === "upstream_failed") return "upstream";
  return status >= 500 ? "gateway" : "refused";
}

export function addErrors(into: RecentErrors, errors: Iterable<RecentError>, max: number): void {
  for (const [kind, added] of Map.groupBy(errors, (error) => error.kind)) {
    const known = [...(into.get(kind) ?? []), ...added].toSorted((a, b) => a.atMs - b.atMs);
    into.set(kind, known.slice(-max));
  }
}

export function encodeErrors(errors: RecentErrors): string {
  return JSON.stringify({ v: 1, errors: [...errors.values()].flat() });
}

/** None where another version wrote them. */
export function decodeErrors(text: string): RecentError[] {
  const { v, errors }: { v: number; errors: RecentError[] } = JSON.parse(text);
  // The release before this one did not write the action.
  return v === 1 ? errors.map((error) => ({ ...error, action: error.action ?? null })) : [];
}
