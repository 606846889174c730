// The cookie that keeps an operator signed in: the token itself, out of scripts' reach, sent to the console alone and
// never from another site. What it is worth is judged anew with every request.
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AppContext } from "../../http/context.ts";
import { sha256, toHex } from "../../platform/hash.ts";

const NAME = "edge_console";
/** Browsers drop what is longer with its name and attributes than 4,096 bytes, and say nothing. */
const MAX_TOKEN_CHARACTERS = 3_800;

export function readSession(c: AppContext): string | null {
  return getCookie(c, cookieName(c)) ?? null;
}

export function fitsSession(token: string): boolean {
  return token.length <= MAX_TOKEN_CHARACTERS;
}

/** The cookie outlives its token, so that an operator is told that the session has expired. */
const KEPT_SECONDS = 86_400;

export function beginSession(c: AppContext, token: string, expiresAtMs: number): void {
  const tokenSeconds = Math.max(0, Math.floor((expiresAtMs - Date.now()) / 1000));
  const maxAge = Math.min(MAX_AGE_SECONDS, tokenSeconds + KEPT_SECONDS);
  setCookie(c, cookieName(c), token, { ...attributes(c), maxAge });
}

export function forgetSession(c: AppContext): void {
  deleteCookie(c, cookieName(c), attributes(c));
}

/** The longest that a cookie may be asked to live (RFC 6265bis). */
const MAX_AGE_SECONDS = 400 * 86_400;

function cookieName(c: AppContext): string {
  return isSecure(c) ? `__Secure-${NAME}` : NAME;
}

function attributes(c: AppContext) {
  return { path: "/console", httpOnly: true, sameSite: "Strict", secure: isSecure(c) } as const;
}

function isSecure(c: AppContext): boolean {
  return c.get("publicUrl").startsWith("https:");
}

/**
 * What names an ended session: nothing that could begin one. Of what was signed, because an ECDSA signature can be written in
 * two ways.
 */
export async function hashToken(token: string): Promise<string> {
  return toHex(await sha256(token.slice(0, token.lastIndexOf("."))));
}
