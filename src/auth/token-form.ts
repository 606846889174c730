// The outer form of a token, before any key is used: a compact JWS, spelled in the one canonical way, whose
// header asks for nothing but a signature check. `jku`, `x5u`, `jwk` and `x5c` are not even read: keys come from the
// settings alone. What is returned here is what the token claims to be; nothing in it may be believed yet.

import { base64url } from "jose";
import { isObject, parseJson } from "../platform/json.ts";

export type FormReason =
  | "token.too_large"
  | "token.not_compact"
  | "token.bad_header"
  | "token.critical_extension"
  | "token.bad_payload";

export type TokenHeader = { alg: string; kid: string | null };
export type Claims = { readonly [name: string]: unknown };

export type TokenForm =
  | { kind: "form"; header: TokenHeader; claims: Claims }
  | { kind: "invalid"; reason: FormReason };

const MAX_TOKEN_CHARACTERS = 16 * 1024;
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

export function readForm(raw: string): TokenForm {
  if (raw.length > MAX_TOKEN_CHARACTERS) return invalid("token.too_large");
  const parts = decodeParts(raw);
  if (parts === null) return invalid("token.not_compact");
  const header = parseObject(parts.header);
  if (header === null) return invalid("token.bad_header");
  // `b64` means nothing without `crit`, so a token that carries either wants a reading that we do not offer.
  if ("crit" in header || "b64" in header) return invalid("token.critical_extension");
  const { alg, kid = null } = header;
  if (typeof alg !== "string" || !(kid === null || typeof kid === "string"))
    return invalid("token.bad_header");
  const claims = parseObject(parts.payload);
  if (claims === null) return invalid("token.bad_payload");
  return { kind: "form", header: { alg, kid }, claims };
}

function decodeParts(raw: string): { header: Uint8Array; payload: Uint8Array } | null {
  const [, header, payload, signature] = COMPACT.exec(raw) ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return null;
  const decoded = { header: decodeCanonical(header), payload: decodeCanonical(payload) };
  if (decoded.header === null || decoded.payload === null || decodeCanonical(signature) === null) return null;
  return { header: decoded.header, payload: decoded.payload };
}

/** Null for a respelling: stray trailing bits decode to the same bytes, and would make two tokens out of one. */
function decodeCanonical(text: string): Uint8Array | null {
  // One character left over after groups of four carries no whole byte.
  if (text.length % 4 === 1) return null;
  const bytes = base64url.decode(text);
  return base64url.encode(bytes) === text ? bytes : null;
}

/** Null for what is not UTF-8, not JSON, or no object. */
function parseObject(bytes: Uint8Array): Claims | null {
  const value = parseJson(bytes);
  return isObject(value) ? value : null;
}

function invalid(reason: FormReason): TokenForm {
  return { kind: "invalid", reason };
}
