// Verifies `v1a` of Standard Webhooks 1.0 (Ed25519): the only signature of the notifications to operators, and the second
// one of a callback of at most 1 MiB. The stock libraries do not verify it.
// It proves who signed the body, and neither for which receiver it is nor whose run a callback is about.
const MAX_AGE_SECONDS = 300;

/** @param {import("node:http").IncomingHttpHeaders} headers @param {Buffer} body @param {CryptoKey} key */
export async function holdsV1a(headers, body, key) {
  const [id, timestamp] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(ageSeconds <= MAX_AGE_SECONDS)) return false;
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  // A list: other versions may stand beside ours.
  for (const signature of String(headers["webhook-signature"]).split(" ")) {
    const [version, base64 = ""] = signature.split(",");
    const bytes = Buffer.from(base64, "base64");
    if (version === "v1a" && (await crypto.subtle.verify("Ed25519", key, bytes, content))) return true;
  }
  return false;
}
