// The error answers that operations share. Those with an example spelt out here are the published ones, kept to the
// letter (some of their examples lack members that our answers always have); the others are ours.

import { problem } from "../platform/errors.ts";
import {
  type Answers,
  challenged,
  counted,
  deferred,
  errorAnswer,
  ownExample,
  postponed,
  uncounted,
} from "./parts.ts";

/** Any operation that wants a token and may be refused. */
function callerErrors(): Answers {
  return {
    "401": errorAnswer(
      "Who is calling is not known.",
      challenged,
      ownExample("Unauthenticated", problem("unauthenticated", "The token has expired.")),
    ),
    "403": errorAnswer("Permission denied. Unauthorized request.", counted, {
      PermissionDenied: {
        value: {
          errors: [
            {
              status: 403,
              code: "permission_denied",
              detail: "User does not have enough permissions to perform action",
            },
          ],
        },
        summary: "Permission Denied",
      },
    }),
    "404": errorAnswer(
      "There is no such stored action or run.",
      counted,
      ownExample("NotFound", problem("not_found", "There is no such run.")),
    ),
    "429": errorAnswer("Too many requests.", postponed, {
      TooManyRequests: {
        value: {
          errors: [
            {
              status: 429,
              code: "too_many_requests",
              detail: "Rate limit exceeded. Too many requests.",
            },
          ],
        },
        summary: "Too Many Requests",
      },
    }),
    "500": errorAnswer("Internal Server Error", counted, {
      UnhandledOrExternalServiceError: {
        value: {
          errors: [
            {
              status: 500,
              code: "external_service_error",
              detail: "An error occurred with an external service.",
            },
          ],
        },
        summary: "Unhandled or External Service Error",
      },
    }),
    "503": errorAnswer("Service Unavailable", postponed, {
      ServiceUnavailableError: {
        value: {
          errors: [{ status: 503, code: "service_unavaiable", detail: "Service is temporarily unavailable" }],
        },
        summary: "Service Unavailable Error",
      },
    }),
  };
}

export function readErrors(): Answers {
  const detail = "wait_seconds must be a whole number from 0 to 30";
  return {
    ...callerErrors(),
    "400": errorAnswer(
      "An id in the path, or a query parameter, is not what it must be.",
      counted,
      ownExample("BadRequest", problem("bad_request", detail, { source: { parameter: "wait_seconds" } })),
    ),
  };
}

export function deliveryErrors(): Answers {
  return {
    ...callerErrors(),
    "400": errorAnswer(
      "An id in the path is not what it must be.",
      counted,
      ownExample(
        "BadRequest",
        problem("bad_request", "run_id must be a UUID.", { source: { parameter: "run_id" } }),
      ),
    ),
    "404": errorAnswer(
      "The run has no callback, or there is no such run.",
      counted,
      ownExample("NotFound", problem("not_found", "This run has no callback, or there is no such run.")),
    ),
  };
}

export function redeliveryErrors(): Answers {
  return {
    ...deliveryErrors(),
    "409": errorAnswer(
      "There is nothing to send again yet.",
      counted,
      ownExample("Conflict", problem("conflict", "The delivery of this run is still under way.")),
    ),
  };
}

export function completionErrors(): Answers {
  const later = problem("service_unavaiable", "Service is temporarily unavailable", { retryAfterSeconds: 1 });
  return {
    ...publicErrors(),
    "404": errorAnswer(
      "This gateway made no such ref.",
      uncounted,
      ownExample("NotFound", problem("not_found", "There is nothing at this path.")),
    ),
    "503": errorAnswer("The end of the run could not be noted.", deferred, ownExample("Unavailable", later)),
  };
}

export function usageErrors(): Answers {
  // There is no usage that does not exist: a span without charges is an empty page.
  const { "404": _unknown, ...errors } = callerErrors();
  const detail =
    "from must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";
  return {
    ...errors,
    "400": errorAnswer(
      "A query parameter is missing, or not what it must be.",
      counted,
      ownExample("BadRequest", problem("bad_request", detail, { source: { parameter: "from" } })),
    ),
  };
}

/** Starting a run can moreover be too dear, or too large. */
export function startErrors(): Answers {
  return {
    ...callerErrors(),
    "400": errorAnswer("Indicates an error executing the request to run a StoredAction.", counted, {
      BadRequest: {
        value: {
          errors: [
            {
              status: 400,
              code: "bad_request",
              title: "Bad Request",
              detail: "Improperly formatted or incompleted request",
              source: null,
              meta: {},
            },
          ],
        },
        summary: "Bad Request",
      },
    }),
    "402": errorAnswer("Payment Required - insufficient tasks on account", counted, {
      PaymentRequired: {
        value: {
          errors: [
            {
              status: 402,
              code: "payment_required",
              title: "Payment Required",
              detail: "Insufficient tasks on account",
            },
          ],
        },
        summary: "Payment Required",
      },
    }),
    "409": errorAnswer(
      "The `idempotency_id` belongs to a start of another action, which has not been answered.",
      counted,
      ownExample(
        "Conflict",
        problem(
          "conflict",
          "The idempotency_id belongs to a start of another action, which has not been answered.",
          {
            source: { pointer: "/data/idempotency_id" },
          },
        ),
      ),
    ),
    "413": errorAnswer(
      "The body is larger than this gateway takes.",
      counted,
      ownExample("PayloadTooLarge", problem("payload_too_large", "The body is larger than 6291456 bytes.")),
    ),
  };
}

/** What can befall even an operation that needs no token. */
export function publicErrors(): Answers {
  return {
    "500": errorAnswer(
      "A fault of ours.",
      uncounted,
      ownExample("Fault", problem("external_service_error", "An error occurred.")),
    ),
  };
}
