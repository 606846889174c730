// The error answers that operations share. Those of `errorAnswer` are the published ones, kept to the letter (some of
// their examples lack members that our answers always have); those of `ownError` are ours.

import {
  type Answers,
  challenged,
  counted,
  deferred,
  errorAnswer,
  ownError,
  postponed,
  uncounted,
} from "./parts.ts";

/** Any operation that wants a token and may be refused. */
function callerErrors(): Answers {
  return {
    "401": ownError("Who is calling is not known.", challenged, "unauthenticated", "The token has expired."),
    "403": errorAnswer(
      "Permission denied. Unauthorized request.",
      counted,
      "PermissionDenied",
      "Permission Denied",
      {
        status: 403,
        code: "permission_denied",
        detail: "User does not have enough permissions to perform action",
      },
    ),
    "404": ownError("There is no such stored action or run.", counted, "not_found", "There is no such run."),
    "429": errorAnswer("Too many requests.", postponed, "TooManyRequests", "Too Many Requests", {
      status: 429,
      code: "too_many_requests",
      detail: "Rate limit exceeded. Too many requests.",
    }),
    "500": errorAnswer(
      "Internal Server Error",
      counted,
      "UnhandledOrExternalServiceError",
      "Unhandled or External Service Error",
      {
        status: 500,
        code: "external_service_error",
        detail: "An error occurred with an external service.",
      },
    ),
    "503": errorAnswer(
      "Service Unavailable",
      postponed,
      "ServiceUnavailableError",
      "Service Unavailable Error",
      { status: 503, code: "service_unavaiable", detail: "Service is temporarily unavailable" },
    ),
  };
}

export function readErrors(): Answers {
  const description = "An id in the path, or a query parameter, is not what it must be.";
  const detail = "wait_seconds must be a whole number from 0 to 30";
  const source = { parameter: "wait_seconds" };
  return { ...callerErrors(), "400": ownError(description, counted, "bad_request", detail, { source }) };
}

export function deliveryErrors(): Answers {
  const source = { parameter: "run_id" };
  const noCallback = "The run has no callback, or there is no such run.";
  const detail = "This run has no callback, or there is no such run.";
  return {
    ...callerErrors(),
    "400": ownError(
      "An id in the path is not what it must be.",
      counted,
      "bad_request",
      "run_id must be a UUID.",
      { source },
    ),
    "404": ownError(noCallback, counted, "not_found", detail),
  };
}

export function redeliveryErrors(): Answers {
  const detail = "The delivery of this run is still under way.";
  return {
    ...deliveryErrors(),
    "409": ownError("There is nothing to send again yet.", counted, "conflict", detail),
  };
}

export function completionErrors(): Answers {
  const detail = "Service is temporarily unavailable";
  const extra = { name: "Unavailable", retryAfterSeconds: 1 };
  return {
    ...publicErrors(),
    "404": ownError(
      "This gateway made no such ref.",
      uncounted,
      "not_found",
      "There is nothing at this path.",
    ),
    "503": ownError("The end of the run could not be noted.", deferred, "service_unavaiable", detail, extra),
  };
}

export function usageErrors(): Answers {
  // There is no usage that does not exist: a span without charges is an empty page.
  const { "404": _unknown, ...errors } = callerErrors();
  const description = "A query parameter is missing, or not what it must be.";
  const detail =
    "from must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";
  const source = { parameter: "from" };
  return { ...errors, "400": ownError(description, counted, "bad_request", detail, { source }) };
}

/** Starting a run can moreover be too dear, or too large. */
export function startErrors(): Answers {
  const taken = "The idempotency_id belongs to a start of another action, which has not been answered.";
  return {
    ...callerErrors(),
    "400": errorAnswer(
      "Indicates an error executing the request to run a StoredAction.",
      counted,
      "BadRequest",
      "Bad Request",
      {
        status: 400,
        code: "bad_request",
        title: "Bad Request",
        detail: "Improperly formatted or incompleted request",
        source: null,
        meta: {},
      },
    ),
    "402": errorAnswer(
      "Payment Required - insufficient tasks on account",
      counted,
      "PaymentRequired",
      "Payment Required",
      {
        status: 402,
        code: "payment_required",
        title: "Payment Required",
        detail: "Insufficient tasks on account",
      },
    ),
    "409": ownError(taken.replace("idempotency_id", "`idempotency_id`"), counted, "conflict", taken, {
      source: { pointer: "/data/idempotency_id" },
    }),
    "413": ownError(
      "The body is larger than this gateway takes.",
      counted,
      "payload_too_large",
      "The body is larger than 6291456 bytes.",
    ),
  };
}

/** What can befall even an operation that needs no token. */
export function publicErrors(): Answers {
  const fault = "An error occurred.";
  return {
    "500": ownError("A fault of ours.", uncounted, "external_service_error", fault, { name: "Fault" }),
  };
}
