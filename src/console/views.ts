// What operators are shown, once: these are the answers of /console/api as they are written, and what the pages are
// drawn from. Member names are the wire's; times are RFC 3339.
import type { DeliveryState } from "../gate/delivery.ts";

export type Span = "hour" | "day" | "week";

/** What happened in a time: each request, end of a run and attempt counts when it happened. */
export type Stats = {
  requests: number;
  status_2xx: number;
  status_3xx: number;
  /** Without 429. */
  status_4xx: number;
  status_429: number;
  /** Without 503. */
  status_5xx: number;
  status_503: number;
  /** Answers of any status behind which the upstream had failed. */
  upstream_failed: number;
  /** Until the head of the answer, without waiting for the upstream. Null: there was no request. */
  gateway_p50_ms: number | null;
  gateway_p99_ms: number | null;
  /** Whose end was read, or given up; of those that owed a callback or a charge. */
  runs: number;
  /** Ended in `error`. */
  errors: number;
  abandoned: number;
  /** Runs with a callback among them. */
  callbacks: number;
  charges: number;
  attempts: number;
  attempts_failed: number;
  delivered: number;
  /** Delivered by the first attempt. */
  delivered_at_once: number;
  /** Attempts that failed and will be followed by another. */
  retrying: number;
  dead: number;
  aborted: number;
  /** From the end of the run, as the gateway saw it, to the receiver's 2xx. Null: nothing was delivered. */
  latency_p50_ms: number | null;
  latency_p99_ms: number | null;
};

export type Overview = {
  span: Span;
  from: string;
  to: string;
  counted_since: string;
  /** False: counting began after `from`, or some of the sums were written by another version and cannot be read. */
  complete: boolean;
  totals: Stats;
  busiest_users: { user: string; requests: number }[];
  busiest_hosts: { host: string; attempts: number }[];
  /** Oldest first, of equal length, none left out. */
  buckets: (Stats & { at: string })[];
};

export type RunSummary = {
  run_id: string;
  /** The user key. */
  user: string;
  issuer: string;
  subject: string;
  stored_action_id: string | null;
  callback_host: string | null;
  accepted_at: string;
  /** `abandoned`: nobody reads its end any more. */
  status: "accepted" | "ended" | "abandoned";
  /** Null: nobody has read its end. */
  ended_at: string | null;
  result: "success" | "error" | null;
  state: DeliveryState;
  attempts: number;
  next_attempt_at: string | null;
  charged: boolean;
};

export type RunPage = {
  runs: RunSummary[];
  next_cursor: string | null;
  /** Of one user's runs: this page has looked at those that finished then, or later. Null: at all of them. */
  searched_to: string | null;
  /** Of a search among many users; null: it was none. */
  progress: SearchProgress | null;
};

/** How far a search has come among the users who were active from `from` to `to`. */
export type SearchProgress = {
  from: string;
  to: string;
  searched: number;
  users: number;
  /** False: there are more than `users`. */
  counted_all: boolean;
  /** Users of this page whose gates did not answer: they were not searched. */
  unanswered: string[];
};

export type TimeLineEntry = {
  at: string;
  kind:
    | "accepted"
    | "ended"
    | "abandoned"
    | "attempt"
    | "charged"
    | "delivered"
    | "aborted"
    | "dead"
    | "next_poll"
    | "next_attempt";
  /** Of an attempt. */
  attempt: { number: number; status: number | null; duration_ms: number; error: string | null } | null;
  /** Why the run was abandoned. */
  reason: string | null;
};

export type RunDetail = RunSummary & {
  callback_url: string | null;
  billable: boolean;
  /** Past and planned, in order. */
  time_line: TimeLineEntry[];
  /** What an operator may do with it now. */
  can: { poll: boolean; redeliver: boolean; abandon: boolean };
};

export type WindowCount = { count: number; resets_at: string };

export type OpenRunView = {
  /** The gate's name of it: the caller's idempotency id, or one that the gateway made. */
  run_key: string;
  /** Null: the start has not been answered. */
  run_id: string | null;
  status: "forwarding" | "accepted" | "ended" | "abandoned";
  state: DeliveryState;
  due_at: string;
};

export type ClaimView = {
  idempotency_id: string;
  status: "open" | "settled";
  since: string;
  ends_at: string;
};

export type UserView = {
  user: string;
  /** Null: the gate has promised this user nothing yet, and does not know who it is. */
  issuer: string | null;
  subject: string | null;
  windows: { runs: WindowCount | null; results: WindowCount | null };
  /** Of callers whose token says nothing else. */
  default_limit: number;
  /** Those that are due first, 200 at most. */
  open_runs: OpenRunView[];
  open_count: number;
  claims: ClaimView[];
  /** Days in UTC, newest first. */
  usage: { day: string; tasks: number }[];
};

export type DeadLetterGroup = {
  /** Null: they have no callback, and were given up before their end was read. */
  host: string | null;
  letters: number;
  oldest_at: string;
  newest_at: string;
  /** Most frequent first. */
  reasons: { reason: string; letters: number }[];
};

export type DeadLetter = {
  run_id: string;
  user: string;
  subject: string;
  host: string | null;
  accepted_at: string;
  died_at: string;
  /** Null: nobody has read its end. */
  result: "success" | "error" | null;
  attempts: number;
  /** Of the last attempt; null: it had no answer, or there was none. */
  status: number | null;
  reason: string;
};

/** A gate with runs that nobody has looked at in time. */
export type OverdueGate = {
  user: string;
  since: string;
  runs: number;
  /** One of them, by the gate's name of it. */
  example_run_key: string;
};

export type DeadLetters = {
  groups: DeadLetterGroup[];
  letters: DeadLetter[];
  next_cursor: string | null;
  /** False: there are more than are grouped here, older ones. */
  complete: boolean;
  /** 20 at most. */
  overdue: OverdueGate[];
};

export type Destination = {
  host: string;
  attempts: number;
  acknowledged: number;
  latency_mean_ms: number | null;
  breaker: { status: "closed" | "resting" | "probing"; until: string | null; users_resting: number };
};

export type Destinations = { destinations: Destination[] };

export type AuditAction =
  | "poll"
  | "redeliver"
  | "abandon"
  | "reset_window"
  | "redeliver_many"
  | "reindex"
  | "sign_in";

export type AuditEntry = {
  at: string;
  operator: string;
  action: AuditAction;
  /** A run id, a user key, the id of a bulk redelivery; null for a sign-in. */
  target: string | null;
  detail: string | null;
  /** `unknown`: it was begun, and what came of it could not be written down. */
  outcome: "done" | "refused" | "failed" | "unknown";
};

export type AuditPage = { entries: AuditEntry[]; next_cursor: string | null };

/** What is to be sent again: all of what is given must hold; `run_ids` alone when it is given. */
export type RedeliveryFilter = {
  run_ids: string[] | null;
  /** `-`: those that have no callback. */
  host: string | null;
  reason: string | null;
  from: string | null;
  to: string | null;
};

/** A redelivery of many dead letters, and how far it is. */
export type Redelivery = {
  id: string;
  operator: string;
  created_at: string;
  filter: RedeliveryFilter;
  status: "running" | "finished";
  /** Dead letters that it has looked at. */
  examined: number;
  sent: number;
  /** Not dead any more, under way already, or of a gate that did not answer. */
  skipped: number;
};
