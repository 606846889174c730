// What the overview answers.

import * as z from "zod/mini";
import { ERROR_KINDS } from "../platform/observability/recent-errors.ts";
import { count, httpStatus, like, list, receiver, time, user, uuid } from "./console-values.ts";
import { described } from "./schemas.ts";

const stats = {
  requests: described(count, "Without those to the console, /healthz and /readyz."),
  status_2xx: count,
  status_3xx: count,
  status_4xx: described(count, "Without 429."),
  status_429: count,
  status_5xx: described(count, "Without 503."),
  status_503: count,
  upstream_failed: described(count, "Answers behind which the upstream had failed."),
  gateway_p50_ms: described(z.nullable(count), "Without waiting for the upstream, within 4.5 %."),
  gateway_p99_ms: z.nullable(count),
  runs: described(count, "That owed a callback or a charge, and have ended or were abandoned."),
  errors: described(count, "Ended in `error`."),
  abandoned: described(count, "Their end could not be read, or an operator abandoned them."),
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

const errorLike = {
  kind: described(
    z.enum(ERROR_KINDS),
    "`upstream`: it failed; `gateway`: any other 5xx; `limited`: 429; `refused`: any other 4xx; `callback`: a delivery attempt failed; `run`: a run ended in an error.",
  ),
  route: described(z.nullable(like("/actions/v1/runs")), "The route's pattern; null: a callback or a run."),
  stored_action_id: described(z.nullable(uuid), "Null: no stored action, or of a group not the same one."),
  host: described(z.nullable(receiver), "Of the receiver; null: no callback."),
  code: described(
    z.nullable(like("service_unavaiable")),
    "Of the answer; of a callback, why the attempt failed.",
  ),
  status: described(
    z.nullable(httpStatus),
    "Of the answer; of a callback, the receiver's; null: there was none.",
  ),
  upstream_status: described(
    z.nullable(httpStatus),
    "As the upstream answered; null: it did not, or was not asked.",
  ),
};

export const OVERVIEW_COMPONENTS = {
  ConsoleStats,
  ConsoleOverview: z.object({
    span: z.enum(["hour", "day", "week"]),
    from: time,
    to: time,
    counted_since: time,
    complete: described(
      z.boolean(),
      "False: counting began after `from`, or some sums were written by another version.",
    ),
    health: list(
      {
        name: described(
          z.string().with(z.meta({ examples: ["upstream"] })),
          "A dependency of /readyz, or what was counted.",
        ),
        status: described(
          z.enum(["failing", "warning", "unknown", "ok"]),
          "`unknown`: there is nothing to judge by.",
        ),
        detail: z.string(),
      },
      "How the gateway is now, whatever the span: what fails comes first.",
    ),
    failing_hosts: list(
      {
        host: receiver,
        attempts: count,
        acknowledged: count,
        breaker: z.nullable(z.enum(["closed", "open", "half_open"])),
      },
      "Hosts with an open breaker, or of whose last attempts none was acknowledged; of the last ten minutes.",
    ),
    waiting: described(
      z.object({ deliveries: count, since: z.nullable(time) }),
      "An estimate: callbacks of the last four days that are neither delivered nor dead letters, and since when, at the latest, the oldest waits.",
    ),
    totals: ConsoleStats,
    before: described(
      z.nullable(ConsoleStats),
      "The hour or the day before, as far as this one has come, to the minute; null: not all of it was counted.",
    ),
    busiest_users: list(
      {
        user,
        requests: count,
        starts: count,
        limited: described(count, "Answered 429."),
        errors: described(count, "Answered another 4xx, or 5xx."),
      },
      "Five at most; a count is never too high.",
    ),
    busiest_hosts: list(
      { host: receiver, attempts: count },
      "Receivers, five at most; a count is never too high.",
    ),
    buckets: list({ ...stats, at: time }, "Oldest first, of equal length."),
  }),
  ConsoleErrors: z.object({
    groups: list(
      { ...errorLike, errors: count, users: count, actions: count, latest_at: time },
      "Of those that are listed, alike ones.",
    ),
    errors: list(
      {
        at: time,
        ...errorLike,
        user: z.nullable(user),
        request_id: z.nullable(uuid),
        run_id: z.nullable(uuid),
      },
      "The latest first, a hundred of each kind at most.",
    ),
    routes: described(z.array(z.string()), "All routes of errors that are kept."),
  }),
};
