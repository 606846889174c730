import { base64url } from "jose";

/**
 * The name of a user everywhere: base64url SHA-256 of the pair, 43 characters. JSON keeps the pair unambiguous (no
 * subject can be built to look like another issuer's) and writes lone surrogates as escapes, which an encoder would
 * fold into one replacement character.
 */
export async function buildUserKey(issuer: string, subject: string): Promise<string> {
  const pair = new TextEncoder().encode(JSON.stringify([issuer, subject]));
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", pair)));
}
