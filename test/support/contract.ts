// Judges any answer of the gateway by the published contract (the main operation), by /openapi.json (the others) and
// by what the contract decides beyond both. Cheap enough to be called on every answer that any test sees.

import { format } from "@cfworker/json-schema";
import { errorRule, findRoute, member, type Route, type Rule } from "../contract/rules.ts";

export type Asked = { method: string; path: string };
export type Answered = { status: number; headers: { get(name: string): string | null }; bodyText: string };

export type Circumstances = {
  /** "off": the caller is exempt or the flag is off. "any": all of the headers or none. Starts default to "applies", the rest to "any". */
  rateLimit?: "applies" | "off" | "any";
  resetFormat?: "unix" | "date-time";
  /** "upstream": its error kept its own `meta`; in the pass-through, its whole body and headers. */
  errorFrom?: "edge" | "upstream";
};

/** Of a stored action, and of a one-off one. */
const STARTS = /\/(run|actions\/v1\/runs)$/;

/** Throws an error that lists every breach. */
export function expectContract(asked: Asked, answered: Answered, circumstances: Circumstances = {}): void {
  const breaches = checkAnswer(asked, answered, circumstances);
  if (breaches.length === 0) return;
  const title = `${asked.method} ${asked.path} answered ${answered.status} and broke the contract:`;
  throw new Error([title, ...breaches, answered.bodyText.slice(0, 500)].join("\n  "));
}

/** Every breach of the contract in one answer; empty when there is none. */
export function checkAnswer(asked: Asked, answered: Answered, circumstances: Circumstances = {}): string[] {
  const { errorFrom = "edge", resetFormat = "unix" } = circumstances;
  const route = findRoute(asked.method, asked.path);
  const rule =
    route === undefined ? undescribed(asked, answered, errorFrom) : route.rules.get(answered.status);
  const starts = route !== undefined && asked.method === "POST" && STARTS.test(asked.path);
  const mode = answered.status === 401 ? "off" : (circumstances.rateLimit ?? (starts ? "applies" : "any"));
  const breaches = [
    ...checkStatus(route, rule, answered),
    ...checkBody(rule, answered, errorFrom),
    ...(starts && answered.status === 202 ? checkStarted(answered) : []),
    ...checkHeaders(rule, answered),
    ...checkRateLimit(answered, mode, resetFormat),
  ];
  // What both the documents and the contract ask for is missed twice.
  return [...new Set(breaches)];
}

/** An operation that no document describes answers as it likes, but for our own errors; HEAD has no body to judge. */
function undescribed(asked: Asked, { status }: Answered, errorFrom: "edge" | "upstream"): Rule | undefined {
  return status >= 400 && errorFrom === "edge" && asked.method !== "HEAD" ? errorRule : undefined;
}

function checkStatus(route: Route | undefined, rule: Rule | undefined, { status }: Answered): string[] {
  return route !== undefined && rule === undefined ? [`status ${status} is not in the contract`] : [];
}

function checkBody(rule: Rule | undefined, answered: Answered, errorFrom: "edge" | "upstream"): string[] {
  if (rule === undefined) return [];
  if (rule.isEmpty) return answered.bodyText === "" ? [] : ["there is a body"];
  const type = answered.headers.get("content-type");
  // What is in it, only its own test can say.
  if (rule.hasCsv && /^text\/csv; ?charset=utf-8/i.test(type ?? "")) return [];
  if (rule.hasHtml && /^text\/html; ?charset=utf-8$/i.test(type ?? "")) return [];
  if (rule.checkLine !== null && type === "application/x-ndjson")
    return checkLines(rule.checkLine, answered.bodyText);
  const mistyped = /^application\/json(; ?charset=utf-8)?$/i.test(type ?? "")
    ? []
    : [`Content-Type is ${type}`];
  const body = parseJson(answered.bodyText);
  if (body === undefined) return [...mistyped, "the body is not JSON"];
  const envelope = rule.isError ? checkEnvelope(body, answered, errorFrom) : [];
  return [...mistyped, ...rule.checkBody(body), ...envelope];
}

/** One JSON value a line, the last line ended too. */
function checkLines(checkLine: (line: unknown) => string[], text: string): string[] {
  if (text !== "" && !text.endsWith("\n")) return ["the last line has no end"];
  return text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      const value = parseJson(line);
      return value === undefined ? ["a line is not JSON"] : checkLine(value);
    });
}

function checkEnvelope(body: unknown, answered: Answered, errorFrom: "edge" | "upstream"): string[] {
  const errors = member(body, "errors");
  if (!Array.isArray(errors) || errors.length === 0) return ["errors is empty or missing"];
  const requestId = answered.headers.get("x-request-id");
  return errors.flatMap((error) => [
    ...checkError(error, answered.status),
    ...(errorFrom === "edge" ? checkRequestId(error, requestId) : []),
  ]);
}

const ERROR_MEMBERS = ["status", "code", "title", "detail", "source", "meta"];

function checkError(error: unknown, status: number): string[] {
  const missing = ERROR_MEMBERS.filter((name) => member(error, name) === undefined);
  const empty = ERROR_MEMBERS.filter((name) => member(error, name) === "");
  return [
    ...missing.map((name) => `an error lacks ${name}`),
    ...empty.map((name) => `an error's ${name} is empty`),
    ...(member(error, "status") === status ? [] : ["an error's status is not the HTTP status"]),
  ];
}

function checkRequestId(error: unknown, requestId: string | null): string[] {
  const idOfError = member(member(error, "meta"), "request_id");
  if (typeof idOfError !== "string") return ["meta.request_id is missing"];
  return idOfError === requestId ? [] : ["meta.request_id is not X-Request-Id"];
}

/** The published schema requires neither member; the contract promises both. */
function checkStarted(answered: Answered): string[] {
  const run = member(parseJson(answered.bodyText), "data");
  return [
    ...(member(run, "type") === "run" ? [] : ['data.type is not "run"']),
    ...(typeof member(run, "id") === "string" ? [] : ["data.id is missing"]),
  ];
}

function checkHeaders(rule: Rule | undefined, { status, headers }: Answered): string[] {
  const replayed = headers.get("idempotency-replayed");
  const mismatch = headers.get("idempotency-payload-mismatch");
  return [
    ...demand(headers, "X-Request-Id", /^\S+$/),
    ...(replayed === null ? [] : demand(headers, "Idempotency-Replayed", /^true$/)),
    ...(mismatch === null ? [] : demand(headers, "Idempotency-Payload-Mismatch", /^true$/)),
    ...checkListed(rule, headers),
    ...(rule?.isError ? checkErrorHeaders(status, headers) : []),
  ];
}

function checkListed(rule: Rule | undefined, headers: Answered["headers"]): string[] {
  return (rule?.headers ?? []).flatMap(({ name, type, required }) => {
    if (headers.get(name) === null && !required) return [];
    return demand(headers, name, type === "integer" ? /^\d+$/ : /./);
  });
}

function checkErrorHeaders(status: number, headers: Answered["headers"]): string[] {
  if (status === 401) return demand(headers, "WWW-Authenticate", /^Bearer( \S.*)?$/);
  if (status === 405) return demand(headers, "Allow", /^[A-Z]+(, ?[A-Z]+)*$/);
  return status === 429 || status === 503 ? demand(headers, "Retry-After", /^[1-9]\d*$/) : [];
}

function demand(headers: Answered["headers"], name: string, pattern: RegExp): string[] {
  const value = headers.get(name);
  if (value === null) return [`${name} is missing`];
  return pattern.test(value) ? [] : [`${name} is wrong: ${value}`];
}

// An answer after the third check (limit) has these. The published file lists them for the same statuses, reads add
// theirs; 403, 404 and 413 may come before that check or after it.
const COUNTED = [200, 202, 400, 402, 429, 500, 503];

const RATE_LIMIT_HEADERS: Record<string, RegExp> = {
  "X-RateLimit-Limit": /^\d+$/,
  "X-RateLimit-Remaining": /^\d+$/,
  "X-RateLimit-Reset": /./,
  "RateLimit-Policy": /^"(runs|results)";q=\d+;w=\d+$/,
  RateLimit: /^"(runs|results)";r=\d+;t=\d+$/,
};

function checkRateLimit(
  { status, headers }: Answered,
  mode: "applies" | "off" | "any",
  resetFormat: "unix" | "date-time",
): string[] {
  const present = Object.keys(RATE_LIMIT_HEADERS).filter((name) => headers.get(name) !== null);
  if (mode === "off") return present.map((name) => `${name} is there, but no limit applies`);
  const needed = mode === "applies" && COUNTED.includes(status);
  if (present.length === 0 && !needed) return [];
  const malformed = Object.entries(RATE_LIMIT_HEADERS).flatMap(([name, rule]) => demand(headers, name, rule));
  return malformed.length > 0 ? malformed : [...checkReset(headers, resetFormat), ...checkAgreement(headers)];
}

/** Ten or eleven digits: seconds, and neither milliseconds nor a span. */
function checkReset(headers: Answered["headers"], resetFormat: "unix" | "date-time"): string[] {
  const reset = headers.get("x-ratelimit-reset") ?? "";
  const good = resetFormat === "unix" ? /^[1-9]\d{9,10}$/.test(reset) : format["date-time"]?.(reset);
  return good ? [] : [`X-RateLimit-Reset is wrong: ${reset}`];
}

/** The two families of headers describe one window. */
function checkAgreement(headers: Answered["headers"]): string[] {
  const limit = headers.get("x-ratelimit-limit");
  const remaining = headers.get("x-ratelimit-remaining");
  const [policy, quota] = (headers.get("ratelimit-policy") ?? "").split(";");
  const [name, left] = (headers.get("ratelimit") ?? "").split(";");
  const agree = policy === name && quota === `q=${limit}` && left === `r=${remaining}`;
  return [
    ...(agree ? [] : ["RateLimit and X-RateLimit disagree"]),
    ...(Number(remaining) <= Number(limit) ? [] : ["more remains than the limit allows"]),
  ];
}

/** Undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
