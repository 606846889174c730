// The gateway's own log lines, JSON behind the Worker's name, as one short line each for a person at a terminal.

export type LogEvent = Readonly<Record<string, unknown>> & { event: string };

const LOG_LINE = /^\[[\w-]+\] (\{.*\})$/;
/** What a route does when nothing special happens: the status has said it already. */
const ORDINARY = new Set(["served", "accepted", "read", "passed", "notified", "ready"]);
/** They lead from one log to another; a terminal has only one. */
const NOT_SHOWN = new Set(["time", "event", "trace_id", "request_id"]);

/** Null for a line that is no log line of a Worker. */
export function parseLogLine(line: string): LogEvent | null {
  const json = LOG_LINE.exec(line)?.[1];
  if (json === undefined) return null;
  try {
    const value: unknown = JSON.parse(json);
    return isEvent(value) ? value : null;
  } catch {
    return null;
  }
}

export function formatEvent(event: LogEvent): string {
  const what = event.event === "request.served" ? formatRequest(event) : formatFields(event);
  return `${formatClock(event["time"])} ${what}`;
}

/** What is wrong with the gateway's settings, when this line says so. */
export function findProblems(line: string): string[] | null {
  const event = parseLogLine(line);
  if (event?.event !== "settings.invalid") return null;
  const { problems } = event;
  return Array.isArray(problems) ? problems.map(String) : [];
}

function isEvent(value: unknown): value is LogEvent {
  return typeof value === "object" && value !== null && "event" in value && typeof value.event === "string";
}

function formatRequest({ method, route, status, total_ms, outcome }: LogEvent): string {
  const request = `${String(method)} ${String(route)} ${String(status)} ${String(total_ms)} ms`;
  return typeof outcome !== "string" || ORDINARY.has(outcome) ? request : `${request} ${outcome}`;
}

function formatFields(event: LogEvent): string {
  const shown = Object.entries(event).filter(([name, value]) => !NOT_SHOWN.has(name) && value !== null);
  return [event.event, ...shown.map(([name, value]) => `${name}=${formatValue(value)}`)].join(" ");
}

function formatValue(value: unknown): string {
  const text = Array.isArray(value) ? value.map(String).join("; ") : String(value);
  return /[\s"]/.test(text) ? JSON.stringify(text) : text;
}

/** On this machine's clock. */
function formatClock(time: unknown): string {
  const date = new Date(String(time));
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
