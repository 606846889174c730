// The secrets with which the receivers of a caller's callbacks verify them. The user comes from the token alone. It asks
// neither the gate nor the upstream, so it is not counted.
import { findCallbackSecrets, formatCallbackSecret } from "../../callbacks/callback-secret.ts";
import type { AppContext } from "../context.ts";

export async function readCallbackSecret(c: AppContext): Promise<Response> {
  const { signingKeys } = c.get("services").settings;
  const secrets = await findCallbackSecrets(signingKeys, c.get("caller").userKey);
  const [secret, ...alsoValid] = secrets.map(formatCallbackSecret);
  c.get("notes").outcome = "read";
  const data = { secret, also_valid: alsoValid, algorithm: "hmac-sha256" };
  return c.json({ data }, 200, { "cache-control": "no-store" });
}
