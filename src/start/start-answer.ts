// What a start is answered, and how it came about.
import { formatTime } from "../platform/date-time.ts";
import { type Problem, problem } from "../platform/errors.ts";
import type { WindowView } from "../rate-limit/window.ts";
import type { Answer } from "../runs/claim.ts";
import { ownProblem, type UpstreamProblem, upstreamOutcome } from "../upstream/upstream-problem.ts";

export type StartAnswer = {
  outcome:
    | "accepted"
    /** The limit is in its shadow, and would have refused it. */
    | "over_limit"
    | "replayed"
    | "limited"
    /** Operators have blocked the user. */
    | "blocked"
    | "malformed"
    | "busy"
    | "conflict"
    | "full"
    | "failed_open"
    | "failed_closed"
    | "upstream_refused"
    | "upstream_failed";
  result: { kind: "run"; answer: Answer } | { kind: "problem"; problem: UpstreamProblem };
  /** Null: no limit applies, so no rate-limit headers either. */
  view: WindowView | null;
  replayed: boolean;
  mismatch: boolean;
};

/** What an admission says of an answer, whatever the answer is. */
export type Admitted = Pick<StartAnswer, "view" | "mismatch"> & { isOverLimit?: boolean };

export function accepted(answer: Answer, { view, mismatch, isOverLimit }: Admitted): StartAnswer {
  const outcome = isOverLimit ? "over_limit" : "accepted";
  return { outcome, result: { kind: "run", answer }, view, replayed: false, mismatch };
}

export function replay(answer: Answer, { view, mismatch }: Admitted): StartAnswer {
  return { outcome: "replayed", result: { kind: "run", answer }, view, replayed: true, mismatch };
}

export function refusal(
  outcome: StartAnswer["outcome"],
  fault: Problem,
  view: WindowView | null,
): StartAnswer {
  const result = { kind: "problem", problem: ownProblem(fault) } as const;
  return { outcome, result, view, replayed: false, mismatch: false };
}

export function upstreamRefusal(failure: UpstreamProblem, view: WindowView | null): StartAnswer {
  const result = { kind: "problem", problem: failure } as const;
  return { outcome: upstreamOutcome(failure), result, view, replayed: false, mismatch: false };
}

export function tooManyRequests(retryAfterSeconds: number): Problem {
  return problem("too_many_requests", "Rate limit exceeded. Too many requests.", { retryAfterSeconds });
}

export function blocked(untilMs: number): Problem {
  return problem(
    "permission_denied",
    `Starts of this user are blocked until ${formatTime(untilMs)} by the operators of this gateway.`,
  );
}

const SOON = { retryAfterSeconds: 1 };

export const STILL_IN_FLIGHT = problem(
  "service_unavaiable",
  "The first request with this idempotency_id is still in flight.",
  SOON,
);

/** No claim, no callback and no charge without a gate that writes it down. */
export const NOTHING_CAN_BE_PROMISED = problem(
  "service_unavaiable",
  "Service is temporarily unavailable",
  SOON,
);

/** Contract, Idempotency: whether the first request started a run is not known. */
export const OTHER_ACTION = problem(
  "conflict",
  "The idempotency_id belongs to a start of another action, which has not been answered.",
  { source: { pointer: "/data/idempotency_id" } },
);
