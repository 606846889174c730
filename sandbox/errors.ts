// The sandbox's own copy of the published error table: an upstream knows its own codes, the gateway must not lend them.

const TABLE = {
  bad_request: { status: 400, title: "Bad Request" },
  unauthenticated: { status: 401, title: "Unauthenticated" },
  payment_required: { status: 402, title: "Payment Required" },
  permission_denied: { status: 403, title: "Permission Denied" },
  not_found: { status: 404, title: "Not Found" },
  payload_too_large: { status: 413, title: "Payload Too Large" },
  too_many_requests: { status: 429, title: "Too Many Requests" },
  external_service_error: { status: 500, title: "External Service Error" },
  // The published contract spells it so, and clients match on it.
  service_unavaiable: { status: 503, title: "Service Unavailable" },
} as const;

export type ProblemCode = keyof typeof TABLE;

/** An expected refusal. A plain value, because it crosses Durable Object RPC. */
export type Problem = {
  kind: "problem";
  code: ProblemCode;
  detail: string;
  pointer: string | null;
  retryAfterSeconds: number | null;
};

export function problem(code: ProblemCode, detail: string, pointer: string | null = null): Problem {
  const retryAfterSeconds = code === "too_many_requests" || code === "service_unavaiable" ? 1 : null;
  return { kind: "problem", code, detail, pointer, retryAfterSeconds };
}

export function problemResponse(fault: Problem): Response {
  const { status, title } = TABLE[fault.code];
  const source = fault.pointer === null ? null : { pointer: fault.pointer };
  const error = { status, code: fault.code, title, detail: fault.detail, source, meta: {} };
  const headers = new Headers();
  if (fault.retryAfterSeconds !== null) headers.set("Retry-After", String(fault.retryAfterSeconds));
  if (status === 401) headers.set("WWW-Authenticate", "Bearer");
  return Response.json({ errors: [error] }, { status, headers });
}
