// Requests and attempts as the sums are told of them.
import type { RequestServed } from "../../../src/platform/observability/log.ts";
import type { CountedAttempt } from "../../../src/platform/observability/sums.ts";

export function toServed(members: Partial<RequestServed> = {}): RequestServed {
  return {
    event: "request.served",
    request_id: "r",
    trace_id: "t",
    method: "POST",
    route: "/actions/v1/runs",
    status: 202,
    outcome: "accepted",
    user: "alice",
    run_id: null,
    total_ms: 45,
    auth_ms: null,
    gate_ms: null,
    upstream_ms: null,
    ...members,
  };
}

export function toAttempt(members: Partial<CountedAttempt> = {}): CountedAttempt {
  return {
    outcome: "acknowledged",
    failure: null,
    delivery: "delivered",
    host: "client.example",
    number: 1,
    durationMs: 24,
    sinceEndMs: 10,
    ...members,
  };
}
