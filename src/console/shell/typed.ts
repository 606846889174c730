// What operators type or paste into a search, taken for what it means: blanks around it, upper case, a URL that has it, the
// beginning of a run id. What it yields is an id, a key or a host in the one form in which it is stored. Pure.
import { NO_HOST } from "../../contract/search-values.ts";

/** `isWhole` false: run ids begin so. */
export type TypedRunId = { id: string; isWhole: boolean };

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const MIN_DIGITS = 8;
const UUID_DIGITS = 32;
const USER_KEY = /(?:^|\/users\/|[?&]user=)([\w-]{43})(?![\w-])/;

/** Null: neither a run id nor the first eight digits of one. Of a URL with several ids the one after `/runs/`, or the last. */
export function parseRunId(typed: string): TypedRunId | null {
  const text = typed.trim().toLowerCase();
  const ids = [...text.matchAll(UUID)];
  const chosen = ids.find(({ index }) => text.slice(0, index).endsWith("/runs/")) ?? ids.at(-1);
  if (chosen !== undefined) return { id: chosen[0], isWhole: true };
  const digits = text.replaceAll("-", "");
  if (!/^[0-9a-f]+$/.test(digits) || digits.length < MIN_DIGITS || digits.length > UUID_DIGITS) return null;
  return { id: withHyphens(digits), isWhole: digits.length === UUID_DIGITS };
}

function withHyphens(digits: string): string {
  const pieces = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)];
  return [...pieces, digits.slice(20)].filter((piece) => piece !== "").join("-");
}

/** A user key, or a URL of the console that has one. */
export function parseUserKey(typed: string): string | null {
  return USER_KEY.exec(typed.trim())?.[1] ?? null;
}

/** As `URL.host` gives it, or NO_HOST; null for what is no host. */
export function parseTypedHost(typed: string): string | null {
  const text = typed.trim();
  if (text === NO_HOST) return NO_HOST;
  return URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`)?.host ?? null;
}
