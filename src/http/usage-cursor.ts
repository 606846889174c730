// Where the next page of a user's charges begins. Opaque to callers, who may send back anything: what it leads to is
// bound to their own user, so it carries no secret and no signature.
import { base64url } from "jose";
import { decodeOpaqueText } from "../platform/opaque.ts";

/** The moment of the first charge of the next page, in Unix milliseconds. */
export function encodeUsageCursor(fromMs: number): string {
  return base64url.encode(`1.${fromMs}`);
}

/** Null for anything that `encodeUsageCursor` does not write. */
export function decodeUsageCursor(cursor: string): number | null {
  const [, digits] = /^1\.(\d{1,16})$/.exec(decodeOpaqueText(cursor) ?? "") ?? [];
  const fromMs = digits === undefined ? Number.NaN : Number(digits);
  return Number.isSafeInteger(fromMs) && encodeUsageCursor(fromMs) === cursor ? fromMs : null;
}
