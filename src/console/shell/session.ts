// The cookie that keeps an operator signed in: the token itself, out of scripts' reach, sent to the console alone and
// never from another site. What it is worth is judged anew with every request.
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { AppContext } from "../../http/context.ts";

const NAME = "edge_console";
/** Browsers drop what is longer with its name and attributes than 4,096 bytes, and say nothing. */
const MAX_TOKEN_CHARACTERS = 3_800;

export function readSession(c: AppContext): string | null {
  return getCookie(c, cookieName(c)) ?? null;
}

export function fitsSession(token: string): boolean {
  return token.length <= MAX_TOKEN_CHARACTERS;
}

export function beginSession(c: AppContext, token: string, expiresAtMs: number): void {
  const maxAge = Math.max(1, Math.min(MAX_AGE_SECONDS, Math.floor((expiresAtMs - Date.now()) / 1000)));
  setCookie(c, cookieName(c), token, { ...attributes(c), maxAge });
}

export function endSession(c: AppContext): void {
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
