// The error answers that operations share. Those of `errorAnswer` are the published ones, kept to the letter (some of
// their examples lack members that our answers always have); those of `ownErrors` are ours.

import {
  type Answers,
  challenged,
  counted,
  deferred,
  errorAnswer,
  ownErrors,
  postponed,
  uncounted,
} from "./parts.ts";

/** Any operation that wants a token and may be refused. */
function callerErrors(): Answers {
  return {
    ...ownErrors(challenged, ["unauthenticated", "Who is calling is not known.", "The token has expired."]),
    "403": errorAnswer("Permission denied. Unauthorized request.", counted, "Permission Denied", {
      status: 403,
      code: "permission_denied",
      detail: "User does not have enough permissions to perform action",
    }),
    ...ownErrors(counted, ["not_found", "There is no such stored action or run.", "There is no such run."]),
    "429": errorAnswer("Too many requests.", postponed, "Too Many Requests", {
      status: 429,
      code: "too_many_requests",
      detail: "Rate limit exceeded. Too many requests.",
    }),
    "500": errorAnswer("Internal Server Error", counted, "Unhandled or External Service Error", {
      status: 500,
      code: "external_service_error",
      detail: "An error occurred with an external service.",
    }),
    "503": errorAnswer("Service Unavailable", postponed, "Service Unavailable Error", {
      status: 503,
      code: "service_unavaiable",
      detail: "Service is temporarily unavailable",
    }),
  };
}

export function readErrors(): Answers {
  const description = "An id in the path, or a query parameter, is not what it must be.";
  const detail = "wait_seconds must be a whole number from 0 to 30";
  const source = { parameter: "wait_seconds" };
  return { ...callerErrors(), ...ownErrors(counted, ["bad_request", description, detail, { source }]) };
}

export function deliveryErrors(): Answers {
  const source = { parameter: "run_id" };
  const none = "The run has no callback, or there is no such run.";
  return {
    ...callerErrors(),
    ...ownErrors(
      counted,
      ["bad_request", "An id in the path is not what it must be.", "run_id must be a UUID.", { source }],
      ["not_found", none, none.replace("The", "This")],
    ),
  };
}

export function redeliveryErrors(): Answers {
  const detail = "The delivery of this run is still under way.";
  const conflict = ownErrors(counted, ["conflict", "There is nothing to send again yet.", detail]);
  return { ...deliveryErrors(), ...conflict };
}

export function completionErrors(): Answers {
  const detail = "Service is temporarily unavailable";
  const extra = { name: "Unavailable", retryAfterSeconds: 1 };
  return {
    ...publicErrors(),
    ...ownErrors(uncounted, [
      "not_found",
      "This gateway made no such ref.",
      "There is nothing at this path.",
    ]),
    ...ownErrors(deferred, ["service_unavaiable", "The end of the run could not be noted.", detail, extra]),
  };
}

export function usageErrors(): Answers {
  // There is no usage that does not exist: a span without charges is an empty page.
  const { "404": _unknown, ...errors } = callerErrors();
  const description = "A query parameter is missing, or not what it must be.";
  const detail =
    "from must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";
  const source = { parameter: "from" };
  return { ...errors, ...ownErrors(counted, ["bad_request", description, detail, { source }]) };
}

/** Of a caller's own, which is not counted and comes from the gateway itself. */
export function secretErrors(): Answers {
  const { "401": unauthenticated } = callerErrors();
  const detail = "Service is temporarily unavailable";
  const extra = { name: "Overloaded", retryAfterSeconds: 1 };
  return {
    ...publicErrors(),
    ...(unauthenticated && { "401": unauthenticated }),
    ...ownErrors(uncounted, [
      "permission_denied",
      "The token lacks the scope, or a claim is malformed.",
      "The token lacks the scope external.",
    ]),
    ...ownErrors(deferred, ["service_unavaiable", "The gateway is overloaded.", detail, extra]),
  };
}

/** Starting a run can moreover be too dear, or too large. */
export function startErrors(): Answers {
  const taken = "The idempotency_id belongs to a start of another action, which has not been answered.";
  const source = { pointer: "/data/idempotency_id" };
  const tooLarge = "The body is larger than this gateway takes.";
  const unexecuted = "Indicates an error executing the request to run a StoredAction.";
  return {
    ...callerErrors(),
    "400": errorAnswer(unexecuted, counted, "Bad Request", {
      status: 400,
      code: "bad_request",
      title: "Bad Request",
      detail: "Improperly formatted or incompleted request",
      source: null,
      meta: {},
    }),
    "402": errorAnswer("Payment Required - insufficient tasks on account", counted, "Payment Required", {
      status: 402,
      code: "payment_required",
      title: "Payment Required",
      detail: "Insufficient tasks on account",
    }),
    ...ownErrors(
      counted,
      ["conflict", taken.replace("idempotency_id", "`idempotency_id`"), taken, { source }],
      ["payload_too_large", tooLarge, "The body is larger than 6291456 bytes."],
    ),
  };
}

/** What can befall even an operation that needs no token. */
export function publicErrors(): Answers {
  const extra = { name: "Fault" };
  return ownErrors(uncounted, ["external_service_error", "A fault of ours.", "An error occurred.", extra]);
}
