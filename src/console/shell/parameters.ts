// What operators may ask, as the parameters of a URL say it. An empty parameter counts as one that was not sent, so that
// a form can be sent as it is; a bad one is named. Here is what several features read.
import { buildUserKey } from "../../auth/caller.ts";
import { validateUuid } from "../../contract/schemas.ts";
import { MAX_DISMISSAL_CHARS, NO_HOST } from "../../contract/search-values.ts";
import type { AppContext } from "../../http/context.ts";
import { parseQuery } from "../../http/query.ts";
import { dateTimeFault, parseDateTime } from "../../platform/date-time.ts";
import { parseRunId, parseTypedHost, parseUserKey, type TypedRunId } from "./typed.ts";

export type Given = Record<string, string | undefined>;

/** Throws a BadParameter. */
export type Parse<T> = (given: Given, c: AppContext) => T | Promise<T>;

export type Parsed<T> = { kind: "ok"; value: T } | { kind: "invalid"; parameter: string; detail: string };

const DAY_MS = 86_400_000;
const BAD_CURSOR = "cursor must be the next_cursor of a page of the same list.";

/** What is wrong with one parameter. */
export class BadParameter extends Error {
  constructor(
    readonly parameter: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** The query and, before it, the path. */
export function givenIn(c: AppContext): Given {
  return { ...parseQuery(c), ...c.req.param() };
}

export async function judge<T>(parse: () => T | Promise<T>): Promise<Parsed<T>> {
  try {
    return { kind: "ok", value: await parse() };
  } catch (error) {
    if (!(error instanceof BadParameter)) throw error;
    return { kind: "invalid", parameter: error.parameter, detail: error.message };
  }
}

/** Null: no user is named. */
export async function parseUser(given: Given): Promise<string | null> {
  const [issuer, subject] = [parseText(given, "issuer"), parseText(given, "subject")];
  const typed = parseText(given, "user");
  const key = typed && parseUserKey(typed);
  if (typed !== null && key === null)
    throw new BadParameter("user", "user must be a user key, 43 characters.");
  if (Boolean(issuer) !== Boolean(subject))
    throw new BadParameter(issuer ? "subject" : "issuer", "issuer and subject go together.");
  if (key !== null && issuer) throw new BadParameter("user", "user and issuer must not both be given.");
  return issuer && subject ? buildUserKey(issuer, subject) : key;
}

/** The same where one has to be named. */
export async function requireUser(given: Given): Promise<string> {
  const key = await parseUser(given);
  if (key === null) throw new BadParameter("user", "user, or issuer and subject, is required.");
  return key;
}

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** What a date-time control sends, which knows no zone and may leave out seconds, as the moment in UTC that it names. */
export function withSeconds(given: string): string {
  const local = LOCAL.exec(given);
  if (local === null) return given;
  return local[1] === undefined ? `${given}:00Z` : `${given}Z`;
}

export function requireUuid(given: Given, name: string): string {
  const id = parseUuid(given, name);
  if (id === null) throw new BadParameter(name, `${name} must be a UUID.`);
  return id;
}

export function parseText(given: Given, name: string): string | null {
  return given[name]?.trim() || null;
}

/** Null: none is given. */
export function parseTypedRun(given: Given): TypedRunId | null {
  const typed = parseText(given, "run_id");
  const run = typed === null ? null : parseRunId(typed);
  if (typed !== null && run === null)
    throw new BadParameter("run_id", "run_id must be a run id, or at least its first 8 characters.");
  return run;
}

/** Of a callback, as it is stored; NO_HOST: it has none. */
export function parseHostName(given: Given): string | null {
  const typed = parseText(given, "host");
  const host = typed && parseTypedHost(typed);
  if (typed !== null && host === null)
    throw new BadParameter("host", "host must be the host of a callback, such as client.example.");
  return host;
}

/** The same where one has to be named. */
export function requireHost(given: Given): string {
  const host = parseHostName(given);
  if (host === null || host === NO_HOST)
    throw new BadParameter("host", "host must be the host of a callback, such as client.example.");
  return host;
}

/** Of the last attempt; `none`: it got no answer, or none was made. */
export function parseHttpStatus(given: Given): number | "none" | null {
  const text = parseText(given, "http_status");
  if (text === null || text === "none") return text;
  if (!/^[1-5]\d\d$/.test(text))
    throw new BadParameter("http_status", "http_status must be a status code such as 503, or none.");
  return Number(text);
}

export function parseUuid(given: Given, name: string): string | null {
  const id = parseText(given, name);
  if (id !== null && !validateUuid(id)) throw new BadParameter(name, `${name} must be a UUID.`);
  return id?.toLowerCase() ?? null;
}

export function parseChoice<T extends string>(given: Given, name: string, allowed: readonly T[]): T | null {
  const value = parseText(given, name);
  if (value === null) return null;
  const match = allowed.find((one) => one === value);
  if (match === undefined) throw new BadParameter(name, `${name} must be one of ${allowed.join(", ")}.`);
  return match;
}

/** Null: that end is open. `toMs` is not part of it. */
export type Span = { fromMs: number | null; toMs: number | null };

export function parseSpan(given: Given): Span {
  const [fromMs, toMs] = [dateTime(given, "from"), dateTime(given, "to")];
  if (fromMs !== null && toMs !== null && fromMs > toMs)
    throw new BadParameter("from", "from must not be later than to.");
  return { fromMs, toMs };
}

function dateTime(given: Given, name: string): number | null {
  const value = parseText(given, name);
  const ms = value === null ? null : parseDateTime(value);
  if (value !== null && ms === null) throw new BadParameter(name, dateTimeFault(name));
  return ms;
}

/** A moment ahead, `maxDays` at most. */
export function requireUntil(given: Given, maxDays: number): number {
  const ms = parseUntil(given, maxDays);
  if (ms === null) throw new BadParameter("until", "until is required.");
  return ms;
}

/** The same; null: none is given. */
export function parseUntil(given: Given, maxDays: number): number | null {
  const nowMs = Date.now();
  const ms = dateTime(given, "until");
  if (ms === null) return null;
  if (ms <= nowMs || ms > nowMs + maxDays * DAY_MS)
    throw new BadParameter("until", `until must be ahead of now, by ${maxDays} days at most.`);
  return ms;
}

export function requireWhole(given: Given, name: string, max: number): number {
  const text = parseText(given, name) ?? "";
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new BadParameter(name, `${name} must be a whole number from 1 to ${max}.`);
  return value;
}

/** An operator's reason to dismiss a dead letter. */
export function requireDismissal(given: Given): string {
  const reason = parseText(given, "dismissal") ?? "";
  if (reason === "" || reason.length > MAX_DISMISSAL_CHARS)
    throw new BadParameter(
      "dismissal",
      `dismissal must be a reason of ${MAX_DISMISSAL_CHARS} characters at most.`,
    );
  return reason;
}

/** Where a list goes on; null: at its beginning. */
export function parseCursor<T>(
  given: Given,
  decode: (cursor: string) => T | null,
  name = "cursor",
): T | null {
  const cursor = parseText(given, name);
  if (cursor === null) return null;
  const place = decode(cursor);
  if (place === null) throw new BadParameter(name, BAD_CURSOR);
  return place;
}
