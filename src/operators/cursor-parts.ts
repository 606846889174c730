// Cursors of walks over all gates, opaque to whom they are given. Only operators get them, so they carry no signature:
// what one can lead to, an operator may see anyway.
import { base64url } from "jose";
import { parseJson } from "../json.ts";

export function encodeCursorParts(parts: readonly (string | number | null)[]): string {
  return base64url.encode(JSON.stringify(parts));
}

/** Nothing of what is in it has been judged; empty when there is nothing in it. */
export function decodeCursorParts(text: string): readonly unknown[] {
  try {
    const value = parseJson(base64url.decode(text));
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (error instanceof TypeError) return [];
    throw error;
  }
}
