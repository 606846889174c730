// Where everything of the console is. Whatever is stored goes into a link only here, as one escaped segment or query
// value behind a path of ours: no stored text chooses a scheme or a host.
import type { Span } from "../../operators/views.ts";

export const ROOT = "/console";
export const DEAD_LETTERS = `${ROOT}/dead-letters`;
export const SIGN_IN = `${ROOT}/sign-in`;
export const ERRORS = `${ROOT}/errors`;
/** The list on that page. */
export const DEAD_LETTER_LIST = "list";
export const DESTINATIONS = `${ROOT}/destinations`;
export const SIGN_OUT = `${ROOT}/sign-out`;

export type Query = Record<string, string | null>;

export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => (pair[1] ?? "") !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

export function overviewAt(span: Span): string {
  return withQuery(ROOT, { span });
}

/** With whose run it is: only dead letters are found without. */
export function runAt(runId: string, userKey: string | null): string {
  return withQuery(`${ROOT}/runs/${encodeURIComponent(runId)}`, { user: userKey });
}

/** Where a form about a run goes. */
export function runActionAt(runId: string, action: "poll" | "redeliver" | "abandon" | "dismiss"): string {
  return `${ROOT}/runs/${encodeURIComponent(runId)}/${action}`;
}

export function userAt(userKey: string): string {
  return `${ROOT}/users/${encodeURIComponent(userKey)}`;
}

/** The search, with what was typed. */
export function usersAt(query: Query): string {
  return withQuery(`${ROOT}/users`, query);
}

/** Where a form goes that names the run of a start. */
export function hintRunAt(userKey: string, runKey: string): string {
  return `${userAt(userKey)}/open-runs/${encodeURIComponent(runKey)}/poll`;
}

export function runsAt(query: Query): string {
  return withQuery(`${ROOT}/runs`, query);
}

export function redeliveryAt(id: string): string {
  return `${ROOT}/redeliveries/${encodeURIComponent(id)}`;
}

export function errorsAt(query: Query): string {
  return withQuery(ERRORS, query);
}

export function destinationAt(host: string): string {
  return withQuery(DESTINATIONS, { host });
}

/** Where forms go that pause a host, or resume it. */
export const PAUSE_HOST = `${DESTINATIONS}/pause`;
export const RESUME_HOST = `${DESTINATIONS}/resume`;

export function deadLettersAt(query: Query): string {
  return withQuery(DEAD_LETTERS, query);
}

/** The same, with the list in view. */
export function deadLetterListAt(query: Query): string {
  return `${deadLettersAt(query)}#${DEAD_LETTER_LIST}`;
}

/** `error`: what the page says (sign-in/page.tsx); `next`: where it leads when it is done. */
export function signInAt(error: string | null, next: string | null): string {
  return withQuery(SIGN_IN, { error, next: next === ROOT ? null : next });
}

const HERE = "https://console.invalid";

/** A page of the console, as it was asked for; the first one for anything else. */
export function toPage(asked: string | null): string {
  const url = URL.parse(asked ?? "", HERE);
  if (url === null || url.origin !== HERE) return ROOT;
  const { pathname, search } = url;
  const isPage = pathname === ROOT || pathname.startsWith(`${ROOT}/`);
  const isOther = [SIGN_IN, SIGN_OUT].includes(pathname) || pathname.startsWith(`${ROOT}/api/`);
  return isPage && !isOther ? pathname + search : ROOT;
}
