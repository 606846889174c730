// What the console's API takes and answers; src/operators/views.ts has the types. Like the whole document, loaded when it
// is asked for.

import * as z from "zod/mini";
import { OVERVIEW_COMPONENTS } from "./console-overview-schemas.ts";
import {
  callbackError,
  count,
  cursor,
  httpStatus,
  issuer,
  like,
  list,
  operator,
  receiver,
  result,
  subject,
  time,
  user,
  uuid,
} from "./console-values.ts";
import { DEAD_LETTER_COMPONENTS, dismissed } from "./dead-letter-schemas.ts";
import { COMPONENTS, described } from "./schemas.ts";
import { AUDIT_ACTIONS, HOST_SORTS, SPANS } from "./search-values.ts";

const state = z.enum(["waiting", "retrying", "delivered", "dead", "aborted", "none"]);

const summary = {
  run_id: uuid,
  user: described(user, "The user key."),
  issuer,
  subject,
  stored_action_id: z.nullable(uuid),
  callback_host: z.nullable(receiver),
  accepted_at: time,
  status: described(
    z.enum(["accepted", "ended", "abandoned"]),
    "`abandoned`: its end is no longer asked for.",
  ),
  ended_at: z.nullable(time),
  result,
  state,
  attempts: count,
  next_attempt_at: z.nullable(time),
  charged: z.boolean(),
};

const ConsoleRunSummary = z.object(summary);

const ConsoleTimeLineEntry = z.object({
  at: time,
  kind: z.enum([
    "accepted",
    "ended",
    "abandoned",
    "attempt",
    "charged",
    "delivered",
    "aborted",
    "dead",
    "next_poll",
    "next_attempt",
  ]),
  attempt: z.nullable(
    z.object({
      number: z.int().with(z.gte(1)),
      status: z.nullable(httpStatus),
      duration_ms: count,
      error: z.nullable(callbackError),
    }),
  ),
  reason: described(z.nullable(z.string()), "Why the run was abandoned."),
});

const windowCount = z.nullable(z.object({ count, resets_at: time }));

const ConsoleAuditEntry = z.object({
  at: time,
  operator,
  via: described(
    z.enum(["access", "authorization", "session"]),
    "How the operator came in: through Cloudflare Access, with a token in the header, or with a session of the console.",
  ),
  action: z.enum(AUDIT_ACTIONS),
  target: described(z.nullable(uuid), "A run id, a user key, a host or the id of a redelivery."),
  detail: z.nullable(z.string()),
  outcome: described(
    z.enum(["done", "refused", "failed", "unknown"]),
    "`unknown`: it was started, and its outcome could not be recorded.",
  ),
});

/** Beside the components of schemas.ts. */
export const CONSOLE_COMPONENTS = {
  ...OVERVIEW_COMPONENTS,
  ConsoleRunSummary,
  ConsoleRunPage: z.object({
    runs: described(
      z.array(ConsoleRunSummary),
      "A user's open runs first, then the others, the one that finished last first.",
    ),
    next_cursor: cursor,
    searched_to: described(
      z.nullable(time),
      "Of one user: this page has searched what finished then, or later; null: at all.",
    ),
    progress: described(
      z.nullable(
        z.object({
          from: time,
          to: time,
          searched: count,
          users: count,
          counted_all: described(z.boolean(), "False: there are more than `users`."),
          unanswered: described(z.array(z.string()), "Users of this page whose gates did not answer."),
        }),
      ),
      "Of a search without a user: how many of those who were active in the time it has asked.",
    ),
  }),
  ConsoleTimeLineEntry,
  ConsoleRun: z.object({
    ...summary,
    callback_url: z.nullable(like("https://client.example/hook")),
    billable: z.boolean(),
    time_line: described(z.array(ConsoleTimeLineEntry), "Past and planned, in order."),
    can: z.object({ poll: z.boolean(), redeliver: z.boolean(), abandon: z.boolean(), dismiss: z.boolean() }),
    dismissed,
    breaker: described(
      z.nullable(z.object({ until: time })),
      "The breaker of its host lets no attempt of this user through until then, probably; null: it is not open, or did not answer.",
    ),
    paused: described(
      z.nullable(z.object({ until: time, set_by: operator })),
      "Operators have paused its host; null: they have not, or this cannot be read.",
    ),
  }),
  ConsoleUser: z.object({
    user,
    issuer: described(z.nullable(issuer), "Null: this user was promised nothing yet."),
    subject: z.nullable(subject),
    control: described(
      z.nullable(
        z.object({
          kind: z.enum(["blocked", "limit"]),
          limit: described(z.nullable(z.int().with(z.gte(1))), "Starts in a window; null: none may be made."),
          until: time,
          set_by: operator,
          set_at: time,
        }),
      ),
      "What operators have set in the place of the token's limit, and is in force; null: nothing.",
    ),
    windows: z.object({ runs: windowCount, results: windowCount }),
    default_limit: described(count, "Of callers whose token says nothing else."),
    callback_secret_ids: described(
      z.array(like("3f9a01bc")),
      "The first 8 hexadecimal digits of SHA-256 of each secret that `GET /callbacks/secret` gives this user, in its order.",
    ),
    open_runs: list(
      {
        run_key: described(uuid, "The caller's idempotency id, or one that the gateway made."),
        run_id: described(z.nullable(uuid), "Null: the start has not been answered."),
        status: z.enum(["forwarding", "accepted", "ended", "abandoned"]),
        state,
        due_at: time,
      },
      "Those that are due first, 200 at most.",
    ),
    open_next_cursor: described(cursor, "The `open_cursor` of the next of these; null: there are no more."),
    open_count: count,
    claims: list(
      {
        idempotency_id: uuid,
        status: z.enum(["open", "settled"]),
        since: time,
        ends_at: time,
      },
      "Those of the open runs that are listed, then 200 others at most, the latest day's first.",
    ),
    claims_next_cursor: described(
      cursor,
      "The `claims_cursor` of the next of the others; null: there are no more.",
    ),
    usage: list({ day: z.string().with(z.meta({ format: "date" })), tasks: count }),
  }),
  ...DEAD_LETTER_COMPONENTS,
  ConsoleDestinations: z.object({
    span: z.enum(SPANS),
    sort: described(z.enum(HOST_SORTS), "Which are the most of the first."),
    paused: list(
      { host: receiver, until: time, set_by: operator, set_at: time },
      "All hosts that operators have paused.",
    ),
    destinations: list({
      host: receiver,
      attempts: count,
      acknowledged: count,
      latency_mean_ms: described(z.nullable(count), "Of the acknowledged attempts."),
      breaker: z.object({
        status: z.enum(["closed", "open", "half_open"]),
        until: z.nullable(time),
        open_for_users: count,
      }),
    }),
    next_cursor: cursor,
  }),
  ConsoleAuditEntry,
  ConsoleAuditPage: z.object({ entries: z.array(ConsoleAuditEntry), next_cursor: cursor }),
  ConsoleCharge: described(
    z.object({
      user: described(user, "The user key."),
      issuer,
      subject,
      ...COMPONENTS.Charge.shape,
    }),
    "A charge, and whose it is.",
  ),
  ConsoleReindexPage: z.object({
    gates: described(count, "How many were asked, 40 at most."),
    reindexed: described(count, "Of these, had not reported to this index yet, and do so now."),
    unreachable: described(
      count,
      "Did not answer, or found no index: they report to it by themselves within a week.",
    ),
    next_cursor: described(
      z.nullable(like("WzEsbnVsbCwiMDAiXQ")),
      "The `cursor` of the next request; null: that was all.",
    ),
  }),
};

export type ConsoleComponentName = keyof typeof CONSOLE_COMPONENTS;
