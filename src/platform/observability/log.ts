// One structured line per unit of work. What may be logged is a closed list of fields: tokens, headers, bodies and
// full URLs have no field to go into.

export type RequestServed = {
  event: "request.served";
  request_id: string;
  trace_id: string;
  method: string;
  /** The route's pattern, never the path. */
  route: string;
  status: number;
  outcome: string;
  /** The hash that names the user's gate. */
  user: string | null;
  run_id: string | null;
  total_ms: number;
  auth_ms: number | null;
  gate_ms: number | null;
  upstream_ms: number | null;
};

/** Of operators, and of those who watch the gateway: none of its work. */
export function isWatching(route: string): boolean {
  return /^\/(?:console|healthz|readyz)(?:\/|$)/.test(route);
}

type Failure =
  | { event: "caller.refused"; request_id: string; reason: string }
  | { event: "request.failed"; request_id: string; error: unknown }
  | { event: "settings.invalid"; problems: readonly string[] }
  | {
      event: "gate.unavailable" | "gate.learn_failed" | "gate.alarm_failed";
      gate: string;
      error: unknown;
    }
  | { event: "gate.full"; gate: string; open_runs: number; bytes: number }
  | { event: "gate.dropped_early"; gate: string; what: "ended_runs" | "answers"; bytes: number }
  | { event: "gate.dropped_early"; gate: string; what: "unanswered_starts"; starts: number }
  | { event: "operators_index.unavailable" | "registry.unavailable"; gate: string; error: unknown }
  | { event: "answer.get_failed" | "answer.put_failed"; gate: string; error: unknown }
  | { event: "flag.unavailable"; error: unknown }
  | { event: "queue.unavailable"; gate: string; error: unknown }
  | { event: "queue.unreadable" }
  | { event: "run.move_failed"; gate: string; attempts: number; error: unknown }
  | { event: "run.abandoned"; gate: string; run_id: string; reason: string }
  | { event: "body.put_failed" | "body.get_failed"; user: string; error: unknown }
  | { event: "paused_hosts.unavailable"; error: unknown }
  | { event: "breaker.unavailable" | "breaker.alarm_failed"; error: unknown }
  | { event: "deliveries.unavailable" | "usage.unavailable"; request_id: string; error: unknown }
  | { event: "metrics.refused" | "metrics.flush_failed" | "notification.alarm_failed"; error: unknown }
  | { event: "operator.refused"; request_id: string; reason: string }
  | { event: "console.unavailable"; request_id: string; error: unknown }
  | { event: "audit.outcome_unwritten"; action: string; error: unknown }
  | {
      event: "redelivery.run_failed" | "redelivery.failed" | "redelivery.unsent";
      redelivery: string;
      error: unknown;
    };

type CallbackAttempted = {
  event: "callback.attempted";
  run_id: string;
  /** Of the poll that led to it: the upstream has seen the same one. */
  trace_id: string;
  number: number;
  outcome: "acknowledged" | "aborted" | "failed";
  status: number | null;
  duration_ms: number;
  /** What the network threw. */
  error: unknown;
};

/** To the operators' own webhook. */
type NotificationAttempted = Omit<CallbackAttempted, "event" | "run_id" | "trace_id"> & {
  event: "notification.attempted";
  type: string;
  /** How it stands after the attempt. */
  delivery: string;
};

export type LogLine = RequestServed | CallbackAttempted | NotificationAttempted | Failure;

export function log(line: LogLine): void {
  const flat = "error" in line ? { ...line, error: describe(line.error) } : line;
  console.log(JSON.stringify({ time: new Date().toISOString(), ...flat }));
}

// Name and message only: a stack names our own parts and grows the bill, and a cause may carry a body. A message is the
// runtime's own text, and two kinds of it quote what they were given: fetch() the URL that it cannot load, and the JSON
// parser the text that it stumbled over.
function describe(error: unknown): string | null {
  if (error === null) return null;
  if (!(error instanceof Error)) return typeof error;
  if (error.name === "SyntaxError") return error.name;
  return `${error.name}: ${error.message.replaceAll(URL_IN_TEXT, "<url>")}`;
}

const URL_IN_TEXT = /[a-z][a-z0-9+.-]*:\/\/\S*/gi;
