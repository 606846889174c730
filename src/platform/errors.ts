// The table of public errors: every answer that is not a success is one of these, in the published envelope.
// Details are written for callers; reasons that name our own parts belong in the log, never here.

export const PROBLEMS = {
  bad_request: { status: 400, title: "Bad Request" },
  unauthenticated: { status: 401, title: "Unauthenticated" },
  payment_required: { status: 402, title: "Payment Required" },
  permission_denied: { status: 403, title: "Permission Denied" },
  not_found: { status: 404, title: "Not Found" },
  method_not_allowed: { status: 405, title: "Method Not Allowed" },
  conflict: { status: 409, title: "Conflict" },
  precondition_failed: { status: 412, title: "Precondition Failed" },
  payload_too_large: { status: 413, title: "Payload Too Large" },
  precondition_required: { status: 428, title: "Precondition Required" },
  too_many_requests: { status: 429, title: "Too Many Requests" },
  external_service_error: { status: 500, title: "External Service Error" },
  // The published contract spells it so, and clients match on it.
  service_unavaiable: { status: 503, title: "Service Unavailable" },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;
export type ProblemStatus = (typeof PROBLEMS)[ProblemCode]["status"];

export type ProblemSource = { pointer: string } | { parameter: string } | { header: string };

/** One published error. `retryAfterSeconds` becomes `Retry-After`; `headers` are answer headers that belong to this error alone. */
export type Problem = {
  code: ProblemCode;
  detail: string;
  source: ProblemSource | null;
  retryAfterSeconds?: number;
  headers?: Record<string, string>;
};

export function problem(
  code: ProblemCode,
  detail: string,
  extra: Partial<Omit<Problem, "code" | "detail">> = {},
): Problem {
  return { code, detail, source: null, ...extra };
}

/** A 400 for what stands in a path or a query. */
export function parameterFault(parameter: string, detail: string): Problem {
  return problem("bad_request", detail, { source: { parameter } });
}

export function statusOf(code: ProblemCode): ProblemStatus {
  return PROBLEMS[code].status;
}

export function titleOf(code: ProblemCode): string {
  return PROBLEMS[code].title;
}

export type ErrorObject = {
  status: number;
  code: string;
  title: string;
  detail: string;
  source: object | null;
  meta: Record<string, unknown>;
};

/** The error object of the published contract (`ActionsError`), all six members present. */
export function errorObject(fault: Problem, requestId: string): ErrorObject {
  const { status, title } = PROBLEMS[fault.code];
  return {
    status,
    code: fault.code,
    title,
    detail: fault.detail,
    source: fault.source,
    meta: { request_id: requestId },
  };
}
