// One answer of the console's API for each of its schemas: a run whose callback has failed, its user, and what
// an operator did about it.
import type * as z from "zod/mini";
import type { CONSOLE_COMPONENTS, ConsoleComponentName } from "./console-schemas.ts";

const RUN_ID = "123e4567-e89b-12d3-a456-426614174000";
const USER = "k1WQ9qkBcBzXbL3JmAq0Yt7eHnGv5sRd2fUoIxCpMwE";
const HOST = "client.example";
const ACCEPTED = "2026-11-20T12:00:00.000Z";
const ENDED = "2026-11-20T12:00:02.000Z";
const DEAD = "2026-11-23T15:35:02.000Z";
const REASON = "status is no 2xx";

const STATS = {
  requests: 9400,
  status_2xx: 9310,
  status_3xx: 0,
  status_4xx: 52,
  status_429: 31,
  status_5xx: 5,
  status_503: 2,
  upstream_failed: 4,
  gateway_p50_ms: 12,
  gateway_p99_ms: 95,
  runs: 1200,
  errors: 6,
  abandoned: 0,
  callbacks: 800,
  charges: 1100,
  attempts: 812,
  attempts_failed: 22,
  delivered: 790,
  delivered_at_once: 781,
  retrying: 21,
  dead: 1,
  aborted: 0,
  latency_p50_ms: 41,
  latency_p99_ms: 380,
};

const RUN: z.infer<typeof CONSOLE_COMPONENTS.ConsoleRunSummary> = {
  run_id: RUN_ID,
  user: USER,
  issuer: "https://login.example.com",
  subject: "alice",
  stored_action_id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  callback_host: HOST,
  accepted_at: ACCEPTED,
  status: "ended",
  ended_at: ENDED,
  result: "success",
  state: "dead",
  attempts: 1,
  next_attempt_at: null,
  charged: true,
};

const ATTEMPT = { number: 1, status: 503, duration_ms: 41, error: REASON };

const TIME_LINE = [
  { at: ACCEPTED, kind: "accepted", attempt: null, reason: null },
  { at: ENDED, kind: "ended", attempt: null, reason: null },
  { at: ENDED, kind: "charged", attempt: null, reason: null },
  { at: ENDED, kind: "attempt", attempt: ATTEMPT, reason: null },
  { at: DEAD, kind: "dead", attempt: null, reason: null },
];

const LETTER = {
  run_id: RUN_ID,
  user: USER,
  subject: "alice",
  host: HOST,
  accepted_at: ACCEPTED,
  died_at: DEAD,
  result: "success",
  attempts: 1,
  status: 503,
  reason: REASON,
};

const GROUP = {
  host: HOST,
  letters: 1,
  oldest_at: DEAD,
  newest_at: DEAD,
  reasons: [{ reason: REASON, letters: 1 }],
};

type AuditAction = "poll" | "redeliver" | "abandon" | "reset_window";

/** The entry of an action that was done. */
export function auditExample(action: AuditAction): object {
  return {
    at: "2026-11-24T08:00:00.000Z",
    operator: "olga@example.com",
    action,
    target: action === "reset_window" ? USER : RUN_ID,
    detail: null,
    outcome: "done",
  };
}

const USER_NOW = {
  user: USER,
  issuer: "https://login.example.com",
  subject: "alice",
  windows: { runs: { count: 12, resets_at: "2026-11-24T08:05:00.000Z" }, results: null },
  default_limit: 200,
  open_runs: [
    {
      run_key: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
      run_id: RUN_ID,
      status: "ended",
      state: "retrying",
      due_at: "2026-11-20T12:00:07.000Z",
    },
  ],
  open_count: 1,
  claims: [
    {
      idempotency_id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
      status: "settled",
      since: ACCEPTED,
      ends_at: "2026-11-20T13:00:00.000Z",
    },
  ],
  usage: [{ day: "2026-11-20", tasks: 31 }],
};

const DESTINATION = {
  host: HOST,
  attempts: 42,
  acknowledged: 40,
  latency_mean_ms: 41,
  breaker: { status: "closed", until: null, users_resting: 0 },
};

const PROGRESS = {
  from: "2026-11-17T08:00:00.000Z",
  to: "2026-11-24T08:00:00.000Z",
  searched: 40,
  users: 40,
  counted_all: true,
  unanswered: [],
};

const OVERDUE = {
  user: USER,
  since: "2026-11-24T07:30:00.000Z",
  runs: 3,
  example_run_key: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
};

const REDELIVERY = {
  id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  operator: "olga@example.com",
  created_at: "2026-11-24T08:00:00.000Z",
  filter: { run_ids: null, host: HOST, reason: null, from: null, to: null },
  status: "running",
  examined: 100,
  sent: 98,
  skipped: 2,
};

/** By the schema that it is an example of. */
export const CONSOLE_EXAMPLES = {
  ConsoleOverview: {
    span: "hour",
    from: "2026-11-20T11:00:00.000Z",
    to: ACCEPTED,
    counted_since: "2026-11-01T00:00:00.000Z",
    complete: true,
    totals: STATS,
    busiest_users: [{ user: USER, requests: 3100 }],
    busiest_hosts: [{ host: HOST, attempts: 420 }],
    buckets: [{ ...STATS, at: "2026-11-20T11:00:00.000Z" }],
  },
  ConsoleRunPage: { runs: [RUN], next_cursor: null, searched_to: null, progress: PROGRESS },
  ConsoleRun: {
    ...RUN,
    callback_url: `https://${HOST}/hook`,
    billable: true,
    time_line: TIME_LINE,
    can: { poll: false, redeliver: true, abandon: false },
  },
  ConsoleUser: USER_NOW,
  ConsoleDeadLetters: {
    groups: [GROUP],
    letters: [LETTER],
    next_cursor: null,
    complete: true,
    overdue: [OVERDUE],
  },
  ConsoleDestinations: { destinations: [DESTINATION] },
  ConsoleAuditPage: { entries: [auditExample("redeliver")], next_cursor: null },
  ConsoleRedelivery: REDELIVERY,
} satisfies Partial<Record<ConsoleComponentName, object>>;

export type ConsoleAnswer = keyof typeof CONSOLE_EXAMPLES;
