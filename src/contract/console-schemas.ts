// What the console's API takes and answers, as src/console/views.ts has it. Like the whole document, loaded when somebody
// asks for it, or sends a body that has to be judged.

import * as z from "zod/mini";
import { parseDateTime } from "../ledger/usage-query.ts";
import { described, jsonPointer } from "./schemas.ts";

const time = z.string().with(z.meta({ format: "date-time" }));
const count = z.int().with(z.gte(0));
const cursor = described(z.nullable(z.string()), "The `cursor` of the next page; null on the last one.");
const state = z.enum(["waiting", "retrying", "delivered", "dead", "aborted", "none"]);

const stats = {
  requests: count,
  status_2xx: count,
  status_3xx: count,
  status_4xx: described(count, "Without 429."),
  status_429: count,
  status_5xx: described(count, "Without 503."),
  status_503: count,
  upstream_failed: described(count, "Answers behind which the upstream had failed."),
  gateway_p50_ms: described(z.nullable(count), "Without waiting for the upstream, within 4.5 %."),
  gateway_p99_ms: z.nullable(count),
  runs: described(count, "That owed a callback or a charge, and have ended or were given up."),
  errors: described(count, "Ended in `error`."),
  abandoned: described(count, "Lost by the upstream, or given up."),
  callbacks: described(count, "Runs with a callback among them."),
  charges: count,
  attempts: count,
  attempts_failed: count,
  delivered: count,
  delivered_at_once: described(count, "By the first attempt."),
  retrying: described(count, "Attempts that failed and will be followed by another."),
  dead: count,
  aborted: count,
  latency_p50_ms: described(
    z.nullable(count),
    "From the end of the run to the receiver's 2xx, within 4.5 %.",
  ),
  latency_p99_ms: z.nullable(count),
};

const ConsoleStats = described(z.object(stats), "What happened in a time.");

const ConsoleOverview = z.object({
  span: z.enum(["hour", "day", "week"]),
  from: time,
  to: time,
  counted_since: time,
  complete: described(
    z.boolean(),
    "False: counting began after `from`, or some sums were written by another version.",
  ),
  totals: ConsoleStats,
  busiest_users: described(
    z.array(z.object({ user: z.string(), requests: count })),
    "Five at most; a count is never too high.",
  ),
  busiest_hosts: described(
    z.array(z.object({ host: z.string(), attempts: count })),
    "Receivers, five at most; a count is never too high.",
  ),
  buckets: described(z.array(z.object({ ...stats, at: time })), "Oldest first, of equal length."),
});

const summary = {
  run_id: z.string(),
  user: described(z.string(), "The user key."),
  issuer: z.string(),
  subject: z.string(),
  stored_action_id: z.nullable(z.string()),
  callback_host: z.nullable(z.string()),
  accepted_at: time,
  ended_at: z.nullable(time),
  result: z.nullable(z.enum(["success", "error"])),
  state,
  attempts: count,
  next_attempt_at: described(
    z.nullable(time),
    "In a list as the last attempt left it: while its host rests, the next one is later.",
  ),
  charged: z.boolean(),
};

const ConsoleRunSummary = z.object(summary);

const ConsoleRunPage = z.object({
  runs: described(z.array(ConsoleRunSummary), "Newest first, 50 at most."),
  next_cursor: cursor,
  searched_to: described(z.nullable(time), "How far back this page has looked; null: at all."),
});

const ConsoleTimeLineEntry = z.object({
  at: time,
  kind: z.enum([
    "accepted",
    "ended",
    "lost",
    "attempt",
    "charged",
    "delivered",
    "aborted",
    "dead",
    "next_look",
    "next_attempt",
  ]),
  attempt: z.nullable(
    z.object({
      number: z.int().with(z.gte(1)),
      status: z.nullable(z.int()),
      duration_ms: count,
      error: z.nullable(z.string()),
    }),
  ),
});

const ConsoleRun = z.object({
  ...summary,
  callback_url: z.nullable(z.string()),
  billable: z.boolean(),
  time_line: described(z.array(ConsoleTimeLineEntry), "Past and planned, in order."),
  can: z.object({ look: z.boolean(), redeliver: z.boolean(), give_up: z.boolean() }),
});

const windowCount = z.nullable(z.object({ count, resets_at: time }));

const ConsoleUser = z.object({
  user: z.string(),
  issuer: z.nullable(z.string()),
  subject: z.nullable(z.string()),
  windows: z.object({ runs: windowCount, results: windowCount }),
  default_limit: count,
  unfinished: z.array(
    z.object({
      key: z.string(),
      run_id: z.nullable(z.string()),
      status: z.enum(["forwarding", "accepted", "ended"]),
      state,
      due_at: time,
    }),
  ),
  claims: z.array(
    z.object({
      idempotency_id: z.string(),
      status: z.enum(["open", "settled"]),
      since: time,
      ends_at: time,
    }),
  ),
  usage: z.array(z.object({ day: z.string().with(z.meta({ format: "date" })), tasks: count })),
});

const ConsoleDeadLetters = z.object({
  groups: described(
    z.array(
      z.object({
        host: z.string(),
        letters: count,
        oldest_at: time,
        newest_at: time,
        reasons: z.array(z.object({ reason: z.string(), letters: count })),
      }),
    ),
    "Of the newest 2,000, by host.",
  ),
  letters: z.array(
    z.object({
      run_id: z.string(),
      user: z.string(),
      subject: z.string(),
      host: z.string(),
      accepted_at: time,
      attempts: count,
      reason: z.string(),
    }),
  ),
  next_cursor: cursor,
  complete: described(z.boolean(), "False: there are more than are grouped here, older ones."),
});

const ConsoleDestinations = z.object({
  since: described(z.nullable(time), "The oldest of the attempts that are looked at."),
  destinations: z.array(
    z.object({
      host: z.string(),
      attempts: count,
      acknowledged: count,
      latency_p50_ms: z.nullable(count),
      breaker: z.object({
        status: z.enum(["closed", "resting", "probing"]),
        until: z.nullable(time),
        users_resting: count,
      }),
    }),
  ),
});

const ConsoleAuditEntry = z.object({
  at: time,
  operator: z.string(),
  action: z.enum(["look", "redeliver", "give_up", "reset_window", "redeliver_many", "sign_in"]),
  target: z.nullable(z.string()),
  detail: z.nullable(z.string()),
  outcome: z.enum(["done", "refused", "failed", "unknown"]),
});

const ConsoleAuditPage = z.object({ entries: z.array(ConsoleAuditEntry), next_cursor: cursor });

const MAX_CHOSEN = 1_000;
const dateTime = z.string().with(
  z.refine((text) => parseDateTime(text) !== null),
  z.meta({ format: "date-time" }),
);

const ConsoleRedeliveryFilter = described(
  z.strictObject({
    run_ids: z._default(z.nullable(z.array(z.guid()).with(z.minLength(1), z.maxLength(MAX_CHOSEN))), null),
    host: described(
      z._default(z.nullable(z.string().with(z.minLength(1))), null),
      "As in the groups: with its port, if it has one.",
    ),
    from: z._default(z.nullable(dateTime), null),
    to: z._default(z.nullable(dateTime), null),
  }),
  "Which dead letters: all of what is given must hold; `run_ids` stand alone.",
);

const ConsoleRedelivery = z.object({
  id: z.string(),
  operator: z.string(),
  created_at: time,
  filter: ConsoleRedeliveryFilter,
  status: z.enum(["running", "finished"]),
  examined: count,
  sent: count,
  skipped: described(count, "Not dead any more, under way already, or of a gate that did not answer."),
});

/** Beside the components of schemas.ts. */
export const CONSOLE_COMPONENTS = {
  ConsoleStats,
  ConsoleOverview,
  ConsoleRunSummary,
  ConsoleRunPage,
  ConsoleTimeLineEntry,
  ConsoleRun,
  ConsoleUser,
  ConsoleDeadLetters,
  ConsoleDestinations,
  ConsoleAuditEntry,
  ConsoleAuditPage,
  ConsoleRedeliveryFilter,
  ConsoleRedelivery,
};

export type ConsoleComponentName = keyof typeof CONSOLE_COMPONENTS;

type Filter = z.output<typeof ConsoleRedeliveryFilter>;

export type FilterVerdict =
  | { kind: "ok"; filter: Filter }
  | { kind: "invalid"; pointer: string; detail: string };

/** Judges the body of a bulk redelivery; names the first problem. */
export function parseRedeliveryFilter(value: unknown): FilterVerdict {
  const { data, error } = ConsoleRedeliveryFilter.safeParse(value, { error: fault });
  const issue = error?.issues[0];
  if (issue !== undefined) return invalid(pointerOf(issue), issue.message);
  if (data === undefined) return invalid("", "must be an object");
  const { run_ids, host, from, to } = data;
  if (run_ids === null) {
    // Everything must be meant, not forgotten to be narrowed down.
    if (host === null && from === null && to === null)
      return invalid("", "must have run_ids, host, from or to");
    return { kind: "ok", filter: data };
  }
  if (host ?? from ?? to) return invalid("/run_ids", "must stand alone");
  return { kind: "ok", filter: { ...data, run_ids: [...new Set(run_ids.map((id) => id.toLowerCase()))] } };
}

function invalid(pointer: string, detail: string): FilterVerdict {
  return { kind: "invalid", pointer, detail: `${pointer || "The body"} ${detail}.` };
}

function pointerOf(issue: z.core.$ZodIssue): string {
  const [unknown] = issue.code === "unrecognized_keys" ? issue.keys : [];
  return jsonPointer(unknown === undefined ? issue.path : [...issue.path, unknown]);
}

function fault(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "unrecognized_keys") return "is unknown";
  if (issue.code === "too_small") return "must not be empty";
  if (issue.code === "too_big") return `must have at most ${MAX_CHOSEN} entries`;
  if (issue.code === "custom") return "must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z";
  if (issue.code !== "invalid_type") return "must be a UUID";
  if (issue.expected === "array") return "must be a list";
  return `must be ${issue.expected === "object" ? "an object" : "a string"}`;
}
