// The reference under which the upstream may say that a run has ended: it names the gate and the row, and ends in a
// MAC, so that a forged one is refused before any object is touched. It is given to the upstream alone; any other
// holder can make the gateway poll a run, and nothing more.
// The MAC's key is derived from the signing keys, so it rotates with them: the first makes, all verify.
import { base64url } from "jose";
import type { Jwk } from "../platform/settings.ts";

export type CompletionRef = { gate: string; runKey: string };

const FORM = /^([0-9a-f]{64})\.([0-9a-f-]{36})\.([\w-]{43})$/;
const PURPOSE = "edge-actions completion ref v1";

/** `<gate>.<key>.<mac>`, fit for a path segment. */
export async function makeRef({ gate, runKey }: CompletionRef, signingKeys: readonly Jwk[]): Promise<string> {
  const [first] = signingKeys;
  if (first === undefined) throw new Error("no signing key");
  const mac = await crypto.subtle.sign("HMAC", await findMacKey(first), encode(`${gate}.${runKey}`));
  return `${gate}.${runKey}.${base64url.encode(new Uint8Array(mac))}`;
}

/** Null unless one of the keys made it. */
export async function parseRef(text: string, signingKeys: readonly Jwk[]): Promise<CompletionRef | null> {
  const [, gate, runKey, mac] = FORM.exec(text) ?? [];
  if (gate === undefined || runKey === undefined || mac === undefined) return null;
  const bytes = base64url.decode(mac);
  // The last character has two bits to spare: one ref has one spelling.
  if (base64url.encode(bytes) !== mac) return null;
  for (const jwk of signingKeys) {
    const macKey = await findMacKey(jwk);
    if (await crypto.subtle.verify("HMAC", macKey, bytes, encode(`${gate}.${runKey}`)))
      return { gate, runKey };
  }
  return null;
}

const macKeys = new WeakMap<Jwk, Promise<CryptoKey>>();

function findMacKey(jwk: Jwk): Promise<CryptoKey> {
  const known = macKeys.get(jwk) ?? deriveMacKey(jwk);
  macKeys.set(jwk, known);
  return known;
}

/** HKDF (RFC 5869) from the private half. */
async function deriveMacKey({ d }: Jwk): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", base64url.decode(d ?? ""), "HKDF", false, [
    "deriveKey",
  ]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encode(PURPOSE) };
  return crypto.subtle.deriveKey(derivation, secret, { name: "HMAC", hash: "SHA-256", length: 256 }, false, [
    "sign",
    "verify",
  ]);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
