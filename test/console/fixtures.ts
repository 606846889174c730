// Views as a busy gateway has them: what pages are drawn from in tests.
import type { Frame } from "../../src/console/shell/layout.tsx";
import type { Overview, RunDetail, RunPage, RunSummary, Stats, UserView } from "../../src/operators/views.ts";

const NOW_MS = Date.parse("2026-11-25T20:14:03Z");
export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const ISSUER = "https://login.example.com";
export const ALICE = "sNxwHlp1v1f8QyqjyP0mL9uTq3ZkP4cYb0m0J6q9d1E";
export const CAROL = "CBWZ4O2Bq1v1f8QyqjyP0mL9uTq3ZkP4cYb0m0J6q9d";
export const RUN = "70d1059e-5b3c-4a6f-9d53-1f3a6c2b8e90";
const ECHO = "00000000-0000-4000-8000-000000000001";

export const FRAME: Frame = { operator: "olga", signOutAt: null, nowMs: NOW_MS, flash: null };

export function ago(ms: number): string {
  return new Date(NOW_MS - ms).toISOString();
}

export const NONE: Stats = {
  requests: 0,
  status_2xx: 0,
  status_3xx: 0,
  status_4xx: 0,
  status_429: 0,
  status_5xx: 0,
  status_503: 0,
  upstream_failed: 0,
  gateway_p50_ms: null,
  gateway_p99_ms: null,
  runs: 0,
  errors: 0,
  abandoned: 0,
  callbacks: 0,
  charges: 0,
  attempts: 0,
  attempts_failed: 0,
  delivered: 0,
  delivered_at_once: 0,
  retrying: 0,
  dead: 0,
  aborted: 0,
  latency_p50_ms: null,
  latency_p99_ms: null,
};

/** A day of one hour after the other, all alike. */
export function toOverview(hour: Stats): Overview {
  return {
    span: "day",
    from: ago(DAY_MS),
    to: ago(0),
    counted_since: ago(90 * DAY_MS),
    complete: true,
    health: [
      { name: "receivers", status: "failing", detail: "1 host down for all users" },
      { name: "queue", status: "unknown", detail: "no message in ten minutes" },
      { name: "upstream", status: "ok", detail: "works" },
    ],
    failing_hosts: [{ host: "down.example.com", attempts: 12, acknowledged: 0, breaker: "open" }],
    waiting: { deliveries: 12, since: ago(40 * MINUTE_MS) },
    totals: hour,
    before: null,
    busiest_users: [{ user: ALICE, requests: 3_104, starts: 1_200, limited: 41, errors: 7 }],
    busiest_hosts: [{ host: "hooks.example.com", attempts: 1_207 }],
    buckets: Array.from({ length: 24 }, (_, index) => ({ at: ago((24 - index) * HOUR_MS), ...hour })),
  };
}

export const busyHour: Stats = {
  ...NONE,
  requests: 160,
  status_2xx: 150,
  status_429: 7,
  status_5xx: 2,
  status_503: 1,
  gateway_p50_ms: 9,
  gateway_p99_ms: 84,
  runs: 40,
  errors: 2,
  charges: 30,
  attempts: 38,
  attempts_failed: 5,
  delivered: 33,
  delivered_at_once: 30,
  retrying: 4,
  dead: 1,
  latency_p50_ms: 16,
  latency_p99_ms: 412,
};

/** A run that was delivered. The whole answer of a search is built on it too. */
export function toRun(given: Partial<RunSummary> = {}): RunSummary {
  return {
    run_id: RUN,
    user: ALICE,
    issuer: ISSUER,
    subject: "alice",
    stored_action_id: ECHO,
    callback_host: "hooks.example.com",
    accepted_at: ago(340_000),
    status: "ended",
    ended_at: ago(338_200),
    result: "success",
    state: "delivered",
    attempts: 1,
    next_attempt_at: null,
    charged: true,
    ...given,
  };
}

export const NOT_ENDED = { ended_at: null, result: null, attempts: 0, charged: false };

export const runPage: RunPage = {
  runs: [
    toRun({ ...NOT_ENDED, status: "accepted", state: "waiting" }),
    toRun({ state: "retrying", attempts: 3, next_attempt_at: ago(-9 * MINUTE_MS) }),
    toRun({ user: CAROL, subject: "carol@example.com", result: "error", charged: false }),
    toRun({ callback_host: null, stored_action_id: null, state: "none", attempts: 0 }),
    toRun({ state: "dead", attempts: 10 }),
    toRun({ ...NOT_ENDED, status: "abandoned", state: "dead" }),
    toRun({ state: "aborted", attempts: 2 }),
  ],
  next_cursor: "WzE3OTU0ODIyOTI3MDgsIjcwZDEwNTllIl0",
  searched_to: ago(16 * 97_000),
  progress: {
    from: ago(7 * DAY_MS),
    to: ago(0),
    searched: 40,
    users: 312,
    counted_all: true,
    unanswered: [CAROL],
  },
};

export const runDetail: RunDetail = {
  ...toRun({ state: "retrying", attempts: 3, next_attempt_at: ago(-26 * MINUTE_MS) }),
  callback_url: "https://hooks.example.com/edge-actions/results?tenant=7f3a",
  billable: true,
  time_line: [
    plain(340_000, "accepted"),
    plain(338_200, "ended"),
    plain(338_200, "charged"),
    attemptAt(338_150, { number: 1, status: 503, duration_ms: 84, error: "status is no 2xx" }),
    attemptAt(333_000, { number: 2, status: null, duration_ms: 15_000, error: "no answer in time" }),
    attemptAt(18_000, { number: 3, status: null, duration_ms: 6, error: "no connection" }),
    plain(-26 * MINUTE_MS, "next_attempt"),
  ],
  can: { poll: true, redeliver: true, abandon: true, dismiss: true },
  dismissed: null,
  breaker: { until: ago(-21_000) },
  paused: { until: ago(-3_600_000), set_by: "olga@example.com" },
};

function attemptAt(agoMs: number, attempt: RunDetail["time_line"][number]["attempt"]) {
  return { ...plain(agoMs, "attempt"), attempt };
}

function plain(agoMs: number, kind: RunDetail["time_line"][number]["kind"]) {
  return { at: ago(agoMs), kind, attempt: null, reason: null };
}

export const abandonedRun: RunDetail = {
  ...toRun({ ...NOT_ENDED, charged: true, status: "abandoned", state: "dead" }),
  callback_url: "https://hooks.example.com/edge-actions/results",
  billable: true,
  time_line: [
    plain(340_000, "accepted"),
    { ...plain(20_000, "abandoned"), reason: "the upstream does not know the run" },
    plain(20_000, "dead"),
  ],
  can: { poll: true, redeliver: true, abandon: false, dismiss: false },
  dismissed: { at: ago(9_000), by: "olga@example.com", reason: "the receiver is gone for good" },
  breaker: null,
  paused: null,
};

const KEYS = ["0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", "5ad0a9a5-9a11-4f39-8d07-3b7c7f9f2a44"] as const;

export const userView: UserView = {
  user: ALICE,
  issuer: ISSUER,
  subject: "alice",
  control: {
    kind: "limit",
    limit: 500,
    until: ago(-7_200_000),
    set_by: "olga@example.com",
    set_at: ago(60_000),
  },
  windows: {
    runs: { count: 172, resets_at: ago(-140_000) },
    results: { count: 1204, resets_at: ago(-95_000) },
  },
  default_limit: 200,
  callback_secret_ids: ["3f9a01bc", "c0ffee42"],
  open_runs: [
    { run_key: KEYS[0], run_id: RUN, status: "ended", state: "retrying", due_at: ago(-26 * MINUTE_MS) },
    { run_key: KEYS[1], run_id: null, status: "forwarding", state: "waiting", due_at: ago(-5000) },
  ],
  open_count: 2,
  open_next_cursor: null,
  claims_next_cursor: null,
  claims: [
    { idempotency_id: KEYS[0], status: "settled", since: ago(340_000), ends_at: ago(-54 * MINUTE_MS) },
    { idempotency_id: KEYS[1], status: "open", since: ago(800), ends_at: ago(-14_000) },
  ],
  usage: Array.from({ length: 30 }, (_, index) => ({
    day: ago(index * DAY_MS).slice(0, 10),
    tasks: index % 7 === 3 || index % 7 === 4 ? 12 : 180 + ((index * 53) % 90),
  })),
};

export const emptyUser: UserView = {
  ...userView,
  issuer: null,
  subject: null,
  windows: { runs: null, results: null },
  open_runs: [],
  open_count: 0,
  claims: [],
  usage: [],
};
