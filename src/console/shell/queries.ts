// What operators may ask, as the parameters of a URL say it. An empty parameter counts as one that was not sent, so that
// a form can be sent as it is; a bad one is named.
import { buildUserKey } from "../../auth/user-key.ts";
import { validateUuid } from "../../contract/schemas.ts";
import { RESULTS, STATES } from "../../contract/search-values.ts";
import { type Cursor, decodeCursor } from "../../operators/cursor.ts";
import type { LetterQuery } from "../../operators/dead-letters.ts";
import type { Span } from "../../operators/views.ts";
import { dateTimeFault, parseDateTime } from "../../platform/date-time.ts";
import type { RunQuery } from "../runs/run-search.ts";
import { decodeSearchCursor, type SearchCursor } from "../runs/search-cursor.ts";

export type Given = Record<string, string | undefined>;

export type Parsed<T> = { kind: "ok"; value: T } | { kind: "invalid"; parameter: string; detail: string };

const SPANS: readonly Span[] = ["hour", "day", "week"];
const USER_KEY = /^[\w-]{43}$/;
/** Without a user, whose days are asked for. */
const MAX_DAYS = 92;
const DAY_MS = 86_400_000;

/** What is wrong with one parameter. */
class Fault extends Error {
  constructor(
    readonly parameter: string,
    detail: string,
  ) {
    super(detail);
  }
}

export function parseSpan(given: Given): Parsed<Span> {
  return parsed(() => parseChoice(given, "span", SPANS) ?? "hour");
}

/** `user` is a user key; or `issuer` and `subject` say who it is. */
export async function parseRunQuery(given: Given, nowMs: number): Promise<Parsed<RunQuery>> {
  const user = await parseUser(given);
  if (user.kind === "invalid") return user;
  return parsed(() => ({
    runId: uuid(given, "run_id"),
    userKey: user.value,
    storedActionId: uuid(given, "stored_action_id"),
    state: parseChoice(given, "state", STATES),
    result: parseChoice(given, "result", RESULTS),
    ...(user.value === null ? parseDays(given, nowMs) : parseSpanEnds(given)),
    after: searchCursor(given, user.value),
  }));
}

/** Null: no user is named. */
export async function parseUser(given: Given): Promise<Parsed<string | null>> {
  const { issuer, subject } = given;
  const named = parsed(() => {
    const key = text(given, "user");
    if (key !== null && !USER_KEY.test(key))
      throw new Fault("user", "user must be a user key, 43 characters.");
    if (Boolean(issuer) !== Boolean(subject))
      throw new Fault(issuer ? "subject" : "issuer", "issuer and subject go together.");
    if (key !== null && issuer) throw new Fault("user", "user and issuer must not both be given.");
    return key;
  });
  if (named.kind === "invalid" || !issuer || !subject) return named;
  return { kind: "ok", value: await buildUserKey(issuer, subject) };
}

export function parseLetterQuery(given: Given): Parsed<LetterQuery> {
  return parsed(() => ({
    host: text(given, "host"),
    reason: text(given, "reason"),
    ...parseSpanEnds(given),
    after: place(given),
  }));
}

export function parseCursor(given: Given): Parsed<Cursor | null> {
  return parsed(() => place(given));
}

/** `run_id` or `run_key` of a path. */
export function parseRunId(runId: string, name: "run_id" | "run_key" = "run_id"): Parsed<string> {
  return parsed(() => {
    const id = uuid({ [name]: runId }, name);
    if (id === null) throw new Fault(name, `${name} must be a UUID.`);
    return id;
  });
}

function parsed<T>(parse: () => T): Parsed<T> {
  try {
    return { kind: "ok", value: parse() };
  } catch (error) {
    if (error instanceof Fault) return { kind: "invalid", parameter: error.parameter, detail: error.message };
    throw error;
  }
}

function text(given: Given, name: string): string | null {
  return given[name] || null;
}

function uuid(given: Given, name: string): string | null {
  const id = text(given, name);
  if (id !== null && !validateUuid(id)) throw new Fault(name, `${name} must be a UUID.`);
  return id?.toLowerCase() ?? null;
}

function parseChoice<T extends string>(given: Given, name: string, allowed: readonly T[]): T | null {
  const value = text(given, name);
  if (value === null) return null;
  const match = allowed.find((one) => one === value);
  if (match === undefined) throw new Fault(name, `${name} must be one of ${allowed.join(", ")}.`);
  return match;
}

function parseSpanEnds(given: Given): { fromMs: number | null; toMs: number | null } {
  const [fromMs, toMs] = [dateTime(given, "from"), dateTime(given, "to")];
  if (fromMs !== null && toMs !== null && fromMs > toMs)
    throw new Fault("from", "from must not be later than to.");
  return { fromMs, toMs };
}

function parseDays(given: Given, nowMs: number): { fromMs: number | null; toMs: number | null } {
  const { fromMs, toMs } = parseSpanEnds(given);
  if (fromMs !== null && (toMs ?? nowMs) - fromMs > MAX_DAYS * DAY_MS)
    throw new Fault("from", `from must not be more than ${MAX_DAYS} days before to, or a user be named.`);
  return { fromMs, toMs };
}

function dateTime(given: Given, name: string): number | null {
  const value = text(given, name);
  const ms = value === null ? null : parseDateTime(value);
  if (value !== null && ms === null) throw new Fault(name, dateTimeFault(name));
  return ms;
}

const BAD_CURSOR = "cursor must be the next_cursor of a page of the same list.";

function place(given: Given): Cursor | null {
  const cursor = text(given, "cursor");
  const at = cursor === null ? null : decodeCursor(cursor);
  if (cursor !== null && at === null) throw new Fault("cursor", BAD_CURSOR);
  return at;
}

function searchCursor(given: Given, userKey: string | null): SearchCursor | null {
  const cursor = text(given, "cursor");
  const at = cursor === null ? null : decodeSearchCursor(cursor);
  const kind = userKey === null ? "many" : "user";
  if (cursor !== null && at?.kind !== kind) throw new Fault("cursor", BAD_CURSOR);
  return at;
}
