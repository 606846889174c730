// Where the next page of a user's charges begins. Opaque to callers, who may send back anything: what it leads to is
// bound to their own user by the query, so it carries no secret and no signature.
import { base64url } from "jose";
import { decodeUtf8, parseJson } from "../json.ts";

/** The last charge of the page before. */
export type Position = { chargedAtMs: number; runId: string };

export function encodeCursor({ chargedAtMs, runId }: Position): string {
  return base64url.encode(JSON.stringify([chargedAtMs, runId]));
}

/** Null for anything that `encodeCursor` does not write. */
export function decodeCursor(text: string): Position | null {
  const value = parseJson(decoded(text) ?? "");
  if (!Array.isArray(value)) return null;
  const [chargedAtMs, runId]: unknown[] = value;
  if (!Number.isSafeInteger(chargedAtMs) || typeof chargedAtMs !== "number") return null;
  if (typeof runId !== "string") return null;
  const position = { chargedAtMs, runId };
  return encodeCursor(position) === text ? position : null;
}

function decoded(text: string): string | null {
  try {
    return decodeUtf8(base64url.decode(text));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
