// What fails right now, and for whom: the latest errors that isolates have reported. Throws when the metrics aggregator
// does not answer.
import { type AggregatorNamespace, metricsAggregator } from "../../operators/metrics-aggregator.ts";
import type { ErrorGroup, Errors } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import type { ErrorKind, RecentError } from "../../platform/observability/recent-errors.ts";
import { withTimeout } from "../../platform/timeout.ts";

/** Null: any. */
export type ErrorFilter = {
  kind: ErrorKind | null;
  route: string | null;
  action: string | null;
  host: string | null;
  user: string | null;
};

const TIMEOUT_MS = 5_000;

export async function listErrors(aggregators: AggregatorNamespace, filter: ErrorFilter): Promise<Errors> {
  const asked: Promise<RecentError[]> = metricsAggregator(aggregators).errors();
  return toView(await withTimeout(TIMEOUT_MS, asked), filter);
}

/** `errors`: the latest first. */
export function toView(errors: readonly RecentError[], filter: ErrorFilter): Errors {
  const fitting = errors.filter((error) => fits(error, filter));
  return {
    groups: toGroups(fitting),
    errors: fitting.map(({ atMs, action, upstreamStatus, requestId, runId, ...rest }) => ({
      at: formatTime(atMs),
      ...rest,
      stored_action_id: action,
      upstream_status: upstreamStatus,
      request_id: requestId,
      run_id: runId,
    })),
    routes: [...new Set(errors.flatMap(({ route }) => route ?? []))].toSorted(),
  };
}

function fits(error: RecentError, { kind, route, action, host, user }: ErrorFilter): boolean {
  return (
    (kind === null || error.kind === kind) &&
    (route === null || error.route === route) &&
    (action === null || error.action === action) &&
    (host === null || error.host === host) &&
    (user === null || error.user === user)
  );
}

/** The group with the latest error first. */
function toGroups(errors: readonly RecentError[]): ErrorGroup[] {
  const alike = Map.groupBy(errors, ({ kind, route, host, code, status, upstreamStatus }) =>
    JSON.stringify([kind, route, host, code, status, upstreamStatus]),
  );
  return [...alike.values()].flatMap((group) => {
    const [latest] = group;
    if (latest === undefined) return [];
    const { kind, route, host, code, status, upstreamStatus, atMs } = latest;
    const users = new Set(group.flatMap(({ user }) => user ?? []));
    const actions = new Set(group.flatMap(({ action }) => action ?? []));
    const [action = null] = actions.size === 1 ? actions : [];
    const numbers = {
      stored_action_id: action,
      errors: group.length,
      users: users.size,
      actions: actions.size,
      latest_at: formatTime(atMs),
    };
    return [{ kind, route, host, code, status, upstream_status: upstreamStatus, ...numbers }];
  });
}
