// Cursors as text. They are opaque to callers, who may send back anything: what a cursor leads to is read for an operator
// only, so it carries no secret and no signature.
import { base64url } from "jose";
import { decodeUtf8, parseJson } from "../json.ts";

export type OpaqueValue = string | number | null;

export function encodeOpaque(values: readonly OpaqueValue[]): string {
  return base64url.encode(JSON.stringify(values));
}

/** Null for anything that `encodeOpaque` does not write. */
export function decodeOpaque(text: string): OpaqueValue[] | null {
  const values = parseJson(decodeText(text) ?? "");
  if (!Array.isArray(values) || !values.every(isOpaqueValue)) return null;
  return encodeOpaque(values) === text ? values : null;
}

function isOpaqueValue(value: unknown): value is OpaqueValue {
  return value === null || typeof value === "string" || Number.isSafeInteger(value);
}

function decodeText(text: string): string | null {
  try {
    return decodeUtf8(base64url.decode(text));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
