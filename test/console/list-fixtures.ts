// Dead letters, a redelivery, destinations and an audit trail as a busy gateway has them.
import type {
  AuditPage,
  DeadLetter,
  DeadLetters,
  Destinations,
  Errors,
  Redelivery,
} from "../../src/operators/views.ts";
import { ALICE, ago, CAROL, DAY_MS, MINUTE_MS, RUN } from "./fixtures.ts";

/** What a search form holds, each of its fields the same. */
export function searchFor(text: string) {
  const run = {
    run_id: text,
    user: text,
    issuer: text,
    subject: text,
    stored_action_id: text,
    host: text,
    http_status: text,
  };
  return { ...run, state: text, result: text, reason: text, from: text, to: text };
}

function toIndexedDeadLetter(given: Partial<DeadLetter>): DeadLetter {
  return {
    run_id: RUN,
    user: ALICE,
    subject: "alice",
    host: "hooks.example.com",
    accepted_at: ago(3 * DAY_MS),
    died_at: ago(DAY_MS),
    result: "success",
    attempts: 10,
    status: 503,
    reason: "status is no 2xx",
    dismissed: null,
    ...given,
  };
}

const START = "/actions/v1/stored-actions/:stored_action_id/run";
const ACTION = "11111111-2222-4333-8444-555555555555";
const failedStart = {
  kind: "upstream",
  route: START,
  stored_action_id: ACTION,
  host: null,
  code: "service_unavaiable",
  status: 503,
} as const;
const failedCallback = {
  kind: "callback",
  route: null,
  stored_action_id: null,
  host: "hooks.example.com",
  status: null,
} as const;
const noConnection = { ...failedCallback, code: "no connection", upstream_status: null };

export const noErrors: Errors = { groups: [], errors: [], routes: [] };

export const errorsView: Errors = {
  groups: [
    { ...failedStart, upstream_status: 502, errors: 60, users: 3, actions: 1, latest_at: ago(2_000) },
    { ...noConnection, errors: 40, users: 1, actions: 2, latest_at: ago(MINUTE_MS) },
  ],
  errors: [
    { ...failedStart, at: ago(2_000), upstream_status: 502, user: ALICE, request_id: RUN, run_id: null },
    { ...noConnection, at: ago(MINUTE_MS), user: ALICE, request_id: null, run_id: RUN },
    { ...failedStart, at: ago(MINUTE_MS), upstream_status: null, user: null, request_id: RUN, run_id: null },
  ],
  routes: [START],
};

export const deadLetters: DeadLetters = {
  groups: [
    {
      host: "hooks.example.com",
      reason: "status is no 2xx",
      status: 503,
      dead_letters: 19,
      oldest_at: ago(3 * DAY_MS),
      newest_at: ago(20 * MINUTE_MS),
    },
    {
      host: "hooks.example.com",
      reason: "no answer in time",
      status: null,
      dead_letters: 5,
      oldest_at: ago(3 * DAY_MS),
      newest_at: ago(DAY_MS),
    },
    {
      host: null,
      reason: "the upstream does not know the run",
      status: null,
      dead_letters: 1,
      oldest_at: ago(2 * DAY_MS),
      newest_at: ago(2 * DAY_MS),
    },
  ],
  dead_letters: [
    toIndexedDeadLetter({}),
    toIndexedDeadLetter({
      status: null,
      reason: "no answer in time",
      dismissed: { at: ago(9_000), by: "olga@example.com", reason: "the receiver is gone for good" },
    }),
    toIndexedDeadLetter({
      user: CAROL,
      subject: "carol@example.com",
      host: null,
      result: null,
      status: null,
    }),
  ],
  next_cursor: "WzE3OTU0ODIyOTI3MDhd",
  complete: false,
  groups_next_to: null,
  overdue_next_cursor: null,
  overdue: [
    {
      user: CAROL,
      since: ago(40 * MINUTE_MS),
      runs: 3,
      example_run_key: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
    },
  ],
};

export const noDeadLetters: DeadLetters = {
  groups: [],
  dead_letters: [],
  next_cursor: null,
  complete: true,
  overdue: [],
  groups_next_to: null,
  overdue_next_cursor: null,
};

export const redelivery: Redelivery = {
  id: "3985f288-b8bb-46b0-bc42-83eb0cf7d890",
  operator: "olga@example.com",
  created_at: ago(4000),
  filter: {
    run_ids: null,
    host: "hooks.example.com",
    reason: "status is no 2xx",
    http_status: 503,
    dismissed: false,
    from: ago(3 * DAY_MS),
    to: null,
  },
  dismissal: null,
  status: "running",
  examined: 1240,
  sent: 1187,
  skipped: 53,
  delivered: 1102,
  failed: 31,
};

export const destinations: Destinations = {
  span: "day",
  sort: "failures",
  paused: [
    {
      host: "down.example.com",
      until: ago(-3_600_000),
      set_by: "olga@example.com",
      set_at: ago(600_000),
    },
  ],
  next_cursor: "WyJhIiwxLDBd",
  destinations: [
    {
      host: "api.partner.example:8443",
      attempts: 1840,
      acknowledged: 1833,
      latency_mean_ms: 21,
      breaker: { status: "closed", until: null, open_for_users: 1 },
    },
    {
      host: "hooks.example.com",
      attempts: 96,
      acknowledged: 24,
      latency_mean_ms: 1240,
      breaker: { status: "open", until: ago(-21_000), open_for_users: 0 },
    },
    {
      host: "new.example",
      attempts: 1,
      acknowledged: 0,
      latency_mean_ms: null,
      breaker: { status: "closed", until: null, open_for_users: 0 },
    },
  ],
};

export const auditPage: AuditPage = {
  entries: [
    { action: "redeliver_many", target: redelivery.id, detail: "host hooks.example.com", outcome: "done" },
    { action: "abandon", target: RUN, detail: null, outcome: "done" },
    { action: "dismiss", target: RUN, detail: "the receiver is gone for good", outcome: "done" },
    { action: "dismiss_many", target: redelivery.id, detail: "3 chosen: gone for good", outcome: "done" },
    { action: "reset_window", target: ALICE, detail: null, outcome: "done" },
    { action: "redeliver", target: RUN, detail: "the ledger does not answer", outcome: "failed" },
    { action: "sign_in", target: null, detail: null, outcome: "done" },
  ].map((entry, index) => ({
    at: ago(4000 + index * 11 * MINUTE_MS),
    operator: index === 3 ? "dmitri@example.com" : "olga@example.com",
    via: index === 3 ? ("authorization" as const) : ("access" as const),
    ...(entry as Pick<AuditPage["entries"][number], "action" | "target" | "detail" | "outcome">),
  })),
  next_cursor: null,
};
