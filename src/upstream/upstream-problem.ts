// The upstream's errors in the caller's words. An error that is already in the published envelope keeps what it says;
// anything else is replaced whole, because a proxy's HTML or a stack trace names what callers must not see.
import {
  type ErrorObject,
  type Problem,
  type ProblemCode,
  problem,
  statusOf,
  titleOf,
} from "../platform/errors.ts";
import { isObject } from "../platform/json.ts";
import { retryAfterSeconds } from "../platform/retry-after.ts";

/** What the caller gets: `envelope` holds the upstream's own error objects, null when there are none to show and `problem` speaks. */
export type UpstreamProblem = {
  status: number;
  problem: Problem;
  envelope: readonly EnvelopeError[] | null;
  /** As the upstream had it; for operators alone. */
  upstreamStatus?: number;
};

type EnvelopeError = Pick<ErrorObject, "code" | "title" | "detail" | "source" | "meta">;

const MAX_ERRORS = 20;
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** Maps an error status of the upstream (contract, Errors). Pure. */
export function callerProblem(status: number, headers: Headers, body: unknown): UpstreamProblem {
  const mapped = problemFor(status);
  if (mapped.code === "too_many_requests" || mapped.code === "service_unavaiable") {
    mapped.retryAfterSeconds = parseRetryAfter(headers) ?? 1;
  }
  // Its 401 is about the gateway's own identity, and no business of the caller.
  return {
    status: statusOf(mapped.code),
    problem: mapped,
    envelope: status === 401 ? null : parseEnvelope(body, mapped),
    upstreamStatus: status,
  };
}

/**
 * The same where the upstream's own status may be shown too: 409 and 422 mean something to a caller who manages stored
 * actions. `Allow` and `Retry-After` belong to a refusal of the upstream's own, and go with it.
 */
export function passedThroughProblem(status: number, headers: Headers, body: unknown): UpstreamProblem {
  const mapped = callerProblem(status, headers, body);
  if (mapped.status >= 500) return mapped;
  const shown = mapped.envelope === null ? toRefusal(status, mapped) : { ...mapped, status };
  const retryAfter = parseRetryAfter(headers);
  const allow = status === 405 ? headers.get("allow") : null;
  return {
    ...shown,
    problem: {
      ...shown.problem,
      ...(retryAfter !== null && { retryAfterSeconds: retryAfter }),
      ...(allow !== null && { headers: { allow } }),
    },
  };
}

/** In no envelope, these still have a code of their own here. */
const REFUSALS: Record<number, Problem> = {
  405: problem("method_not_allowed", "The actions backend does not take this method here."),
  409: problem("conflict", "The request conflicts with the state of the actions backend."),
  412: problem("precondition_failed", "A condition of the request does not hold."),
  428: problem("precondition_required", "The actions backend takes this request only under a condition."),
};

function toRefusal(status: number, mapped: UpstreamProblem): UpstreamProblem {
  const refusal = REFUSALS[status];
  return refusal === undefined ? mapped : { ...ownProblem(refusal), upstreamStatus: status };
}

/** For the log and the metrics: did the upstream refuse the request, or fail? Its 401 refuses the gateway, and is a failure. */
export function upstreamOutcome({ status }: UpstreamProblem): "upstream_refused" | "upstream_failed" {
  return status >= 500 ? "upstream_failed" : "upstream_refused";
}

/** A problem of ours. */
export function ownProblem(fault: Problem): UpstreamProblem {
  return { status: statusOf(fault.code), problem: fault, envelope: null };
}

function problemFor(status: number): Problem {
  switch (status) {
    case 402:
      return problem("payment_required", "Insufficient tasks on account");
    case 403:
      return problem("permission_denied", "User does not have enough permissions to perform action");
    case 404:
      return problem("not_found", "The actions backend does not know this action or run.");
    case 413:
      return problem("payload_too_large", "The actions backend refused the request as too large.");
    case 429:
      return problem("too_many_requests", "The actions backend limits this account's requests.");
    case 502:
    case 503:
    case 504:
      return problem("service_unavaiable", "Service is temporarily unavailable");
    default:
      return status >= 400 && status < 500 && status !== 401
        ? problem("bad_request", "The actions backend refused the request.")
        : problem("external_service_error", "An error occurred with an external service.");
  }
}

function parseRetryAfter(headers: Headers): number | null {
  const seconds = retryAfterSeconds(headers.get("retry-after"), Date.now());
  return seconds === null ? null : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, seconds));
}

// Published member by published member: whatever else an upstream adds to its errors stays behind.
function parseEnvelope(body: unknown, fallback: Problem): EnvelopeError[] | null {
  const errors = isObject(body) ? body["errors"] : null;
  if (!Array.isArray(errors) || errors.length === 0) return null;
  const shown = errors
    .slice(0, MAX_ERRORS)
    .filter(isObject)
    .filter((error) => typeof error["code"] === "string");
  return shown.length === 0 ? null : shown.map((error) => envelopeError(error, fallback.code));
}

function envelopeError(error: Record<string, unknown>, fallback: ProblemCode): EnvelopeError {
  const { code, title, detail, source, meta } = error;
  const bland = problemFor(statusOf(fallback));
  return {
    code: typeof code === "string" ? code : fallback,
    title: typeof title === "string" ? title : titleOf(fallback),
    detail: typeof detail === "string" ? detail : bland.detail,
    source: parseSource(source),
    meta: isObject(meta) && !JSON.isRawJSON(meta) ? meta : {},
  };
}

function parseSource(source: unknown): object | null {
  if (!isObject(source)) return null;
  const members = ["pointer", "parameter", "header"].filter((name) => typeof source[name] === "string");
  return members.length === 0 ? null : Object.fromEntries(members.map((name) => [name, source[name]]));
}
