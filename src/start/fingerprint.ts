import { base64url } from "jose";

/** base64url SHA-256 over what a run is made of: its path and the text of its body. Two payloads that differ in a byte differ here. */
export async function buildFingerprint(path: string, bodyText: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${path}\n${bodyText}`));
  return base64url.encode(new Uint8Array(digest));
}
