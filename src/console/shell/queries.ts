// What operators may ask, as the parameters of a URL say it. An empty parameter counts as one that was not sent, so that
// a form can be sent as it is; a bad one is named.
import { buildUserKey } from "../../auth/caller.ts";
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

/** The same where one has to be named. */
export async function parseSomeUser(given: Given): Promise<Parsed<string>> {
  const user = await parseUser(given);
  return parsed(() => someUser(user));
}

export type RunTarget = { runId: string; userKey: string | null };

/** A run, and whose it is. */
export async function parseRunTarget(runId: string | undefined, given: Given): Promise<Parsed<RunTarget>> {
  const user = await parseUser(given);
  return parsed(() => ({ runId: runUuid("run_id", runId), userKey: valid(user) }));
}

export type NamedRun = { userKey: string; runKey: string; runId: string };

/** The run of a start: `run_id` is what an operator says, the rest is the path's. */
export async function parseNamedRun(path: Given, runId: string | undefined): Promise<Parsed<NamedRun>> {
  const user = await parseUser({ user: path["user"] });
  return parsed(() => ({
    userKey: someUser(user),
    runKey: runUuid("run_key", path["run_key"]),
    runId: runUuid("run_id", runId),
  }));
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

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** What a date-time control sends, which knows no zone and may leave out seconds, as the moment in UTC that it names. */
export function withSeconds(given: string): string {
  const local = LOCAL.exec(given);
  if (local === null) return given;
  return local[1] === undefined ? `${given}:00Z` : `${given}Z`;
}

function parsed<T>(parse: () => T): Parsed<T> {
  try {
    return { kind: "ok", value: parse() };
  } catch (error) {
    if (error instanceof Fault) return { kind: "invalid", parameter: error.parameter, detail: error.message };
    throw error;
  }
}

function valid<T>(part: Parsed<T>): T {
  if (part.kind === "ok") return part.value;
  throw new Fault(part.parameter, part.detail);
}

function someUser(user: Parsed<string | null>): string {
  const key = valid(user);
  if (key === null) throw new Fault("user", "user, or issuer and subject, is required.");
  return key;
}

function runUuid(name: "run_id" | "run_key", value: string | undefined): string {
  const id = uuid({ [name]: value }, name);
  if (id === null) throw new Fault(name, `${name} must be a UUID.`);
  return id;
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
