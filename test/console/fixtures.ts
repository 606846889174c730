// Views as a busy gateway has them: what pages are drawn from in tests, and in a look at them.
import type {
  Overview,
  RunDetail,
  RunPage,
  RunSummary,
  Span,
  Stats,
  UserView,
} from "../../src/operators/views.ts";

export const NOW_MS = Date.parse("2026-11-25T20:14:03Z");
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const ISSUER = "https://login.example.com";
export const ALICE = "sNxwHlp1v1f8QyqjyP0mL9uTq3ZkP4cYb0m0J6q9d1E";
export const CAROL = "CBWZ4O2Bq1v1f8QyqjyP0mL9uTq3ZkP4cYb0m0J6q9d";
export const RUN = "70d1059e-5b3c-4a6f-9d53-1f3a6c2b8e90";
const ECHO = "00000000-0000-4000-8000-000000000001";

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

const SPANS: Record<Span, { ms: number; buckets: number }> = {
  hour: { ms: HOUR_MS, buckets: 60 },
  day: { ms: DAY_MS, buckets: 48 },
  week: { ms: 7 * DAY_MS, buckets: 56 },
};

export function overview(span: Span): Overview {
  const { ms, buckets: count } = SPANS[span];
  const buckets = Array.from({ length: count }, (_, index) => ({
    at: ago(ms - (index * ms) / count),
    ...statsAt(index, count),
  }));
  const latencies = { gateway_p50_ms: 9, gateway_p99_ms: 84, latency_p50_ms: 16, latency_p99_ms: 412 };
  return {
    span,
    from: ago(ms),
    to: ago(0),
    counted_since: ago(90 * DAY_MS),
    complete: true,
    totals: { ...sumOf(buckets), ...latencies },
    busiest_users: [
      { user: ALICE, requests: 3_104 },
      { user: CAROL, requests: 611 },
    ],
    busiest_hosts: [
      { host: "hooks.example.com", attempts: 1_207 },
      { host: "api.partner.example:8443", attempts: 530 },
    ],
    buckets,
  };
}

/** Without latencies: they cannot be added up. */
function sumOf(buckets: readonly Stats[]): Stats {
  const sum = { ...NONE };
  for (const bucket of buckets) for (const name of COUNTS) sum[name] += bucket[name];
  return sum;
}

type CountName = { [Name in keyof Stats]: null extends Stats[Name] ? never : Name }[keyof Stats];

const COUNTS = (Object.keys(NONE) as CountName[]).filter((name) => NONE[name] !== null);

export function emptyOverview(): Overview {
  const { buckets, ...rest } = overview("hour");
  return {
    ...rest,
    totals: NONE,
    busiest_users: [],
    busiest_hosts: [],
    buckets: buckets.map(({ at }) => ({ at, ...NONE })),
  };
}

// A wave, an outage of a receiver at two thirds, and a quiet bucket.
function statsAt(index: number, count: number): Stats {
  if (index === 7) return NONE;
  const runs = 40 + Math.round(25 * Math.sin((index / count) * 9)) + ((index * 7) % 11);
  const isOutage = Math.abs(index - (count * 2) / 3) < 2;
  const dead = isOutage ? 6 : index % 17 === 3 ? 1 : 0;
  const aborted = index % 13 === 5 ? 1 : 0;
  const callbacks = runs - 4;
  const retrying = isOutage ? 21 : index % 4;
  const delivered = callbacks - dead - aborted;
  return {
    ...requestStatsAt(index, runs * 4),
    runs,
    errors: isOutage ? 9 : index % 5,
    abandoned: index % 19 === 4 ? 1 : 0,
    callbacks,
    charges: runs - 8,
    attempts: delivered + retrying + dead + aborted,
    attempts_failed: retrying + dead,
    delivered,
    delivered_at_once: Math.max(0, delivered - (isOutage ? 12 : 1)),
    retrying,
    dead,
    aborted,
    latency_p50_ms: 14 + (index % 4) + (isOutage ? 40 : 0),
    latency_p99_ms: 90 + ((index * 37) % 90) + (isOutage ? 900 : 0),
  };
}

function requestStatsAt(index: number, requests: number) {
  const rare = (each: number, value: number) => (index % each === 2 ? value : 0);
  const counts = { status_429: rare(11, 17), status_5xx: rare(9, 2), status_503: rare(15, 5) };
  const bad = counts.status_429 + counts.status_5xx + counts.status_503;
  return {
    requests,
    status_2xx: requests - bad - 5,
    status_3xx: 2,
    status_4xx: 3,
    ...counts,
    upstream_failed: counts.status_5xx,
    gateway_p50_ms: 8 + (index % 3),
    gateway_p99_ms: 60 + ((index * 29) % 50),
  };
}

function runOf(index: number, given: Partial<RunSummary> = {}): RunSummary {
  const acceptedMs = index * 97_000 + 4000;
  return {
    run_id: `${String(10_000_000 + index * 7_654_321).slice(0, 8)}-b8bb-46b0-bc42-83eb0cf7d8${10 + index}`,
    user: index % 3 === 0 ? CAROL : ALICE,
    issuer: ISSUER,
    subject: index % 3 === 0 ? "carol@example.com" : "alice",
    stored_action_id: index % 4 === 0 ? null : ECHO,
    callback_host:
      index % 5 === 4 ? null : index % 2 === 0 ? "hooks.example.com" : "api.partner.example:8443",
    accepted_at: ago(acceptedMs),
    status: "ended",
    ended_at: ago(acceptedMs - 1830 - index * 411),
    result: "success",
    state: index % 5 === 4 ? "none" : "delivered",
    attempts: index % 5 === 4 ? 0 : 1,
    next_attempt_at: null,
    charged: true,
    ...given,
  };
}

const NOT_ENDED = { ended_at: null, result: null, attempts: 0, charged: false };

export const runPage: RunPage = {
  runs: [
    runOf(0, { ...NOT_ENDED, status: "accepted", state: "waiting" }),
    runOf(1),
    runOf(2, { state: "retrying", attempts: 3, next_attempt_at: ago(-9 * MINUTE_MS) }),
    runOf(3, { result: "error", charged: false }),
    runOf(4),
    runOf(5, { state: "dead", attempts: 10 }),
    runOf(6, { ...NOT_ENDED, status: "abandoned", state: "dead" }),
    runOf(7, { state: "aborted", attempts: 2 }),
    ...Array.from({ length: 8 }, (_, index) => runOf(8 + index)),
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
  ...runOf(2, { run_id: RUN, state: "retrying", attempts: 3, next_attempt_at: ago(-26 * MINUTE_MS) }),
  stored_action_id: ECHO,
  accepted_at: ago(340_000),
  ended_at: ago(338_200),
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
  can: { poll: true, redeliver: true, abandon: true },
};

function attemptAt(agoMs: number, attempt: RunDetail["time_line"][number]["attempt"]) {
  return { ...plain(agoMs, "attempt"), attempt };
}

function plain(agoMs: number, kind: RunDetail["time_line"][number]["kind"]) {
  return { at: ago(agoMs), kind, attempt: null, reason: null };
}

export const deliveredRun: RunDetail = {
  ...runOf(1, { run_id: RUN, accepted_at: ago(340_000), ended_at: ago(338_200) }),
  callback_url: "https://api.partner.example:8443/hooks",
  billable: true,
  time_line: [
    plain(340_000, "accepted"),
    plain(338_200, "ended"),
    attemptAt(338_150, { number: 1, status: 204, duration_ms: 18, error: null }),
    plain(338_120, "delivered"),
  ],
  can: { poll: false, redeliver: true, abandon: false },
};

export const abandonedRun: RunDetail = {
  ...runOf(6, { run_id: RUN, ...NOT_ENDED, charged: true, status: "abandoned", state: "dead" }),
  callback_url: "https://hooks.example.com/edge-actions/results",
  billable: true,
  time_line: [
    plain(340_000, "accepted"),
    { ...plain(20_000, "abandoned"), reason: "the upstream does not know the run" },
    plain(20_000, "dead"),
  ],
  can: { poll: true, redeliver: true, abandon: false },
};

const KEYS = ["0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11", "5ad0a9a5-9a11-4f39-8d07-3b7c7f9f2a44"] as const;

export const userView: UserView = {
  user: ALICE,
  issuer: ISSUER,
  subject: "alice",
  windows: {
    runs: { count: 172, resets_at: ago(-140_000) },
    results: { count: 1204, resets_at: ago(-95_000) },
  },
  default_limit: 200,
  open_runs: [
    { run_key: KEYS[0], run_id: RUN, status: "ended", state: "retrying", due_at: ago(-26 * MINUTE_MS) },
    { run_key: KEYS[1], run_id: null, status: "forwarding", state: "waiting", due_at: ago(-5000) },
  ],
  open_count: 2,
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
