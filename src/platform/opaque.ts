// Cursors as text. They are opaque to whom they are given, who may send back anything. What a cursor leads to, its reader
// may see anyway, an operator or a user their own charges, so it carries no secret and no signature.
import { base64url } from "jose";
import { decodeUtf8, parseJson } from "./json.ts";

export type OpaqueValue = string | number | null;

export function encodeOpaque(values: readonly OpaqueValue[]): string {
  return base64url.encode(JSON.stringify(values));
}

/** Null for anything that `encodeOpaque` does not write. */
export function decodeOpaque(text: string): OpaqueValue[] | null {
  const values = parseJson(decodeOpaqueText(text) ?? "");
  if (!Array.isArray(values) || !values.every(isOpaqueValue)) return null;
  return encodeOpaque(values) === text ? values : null;
}

function isOpaqueValue(value: unknown): value is OpaqueValue {
  return value === null || typeof value === "string" || Number.isSafeInteger(value);
}

/** The text of which `text` is the base64url. Null when it is none, or not UTF-8. */
export function decodeOpaqueText(text: string): string | null {
  try {
    return decodeUtf8(base64url.decode(text));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
