// What no flow may find in what a gateway has printed: everything secret that a flow's callers, receivers and upstreams
// come by, and the keys and the token that the gateway was started with.
import { completionToken, issuerKey, signingKey } from "../../../scripts/dev-keys.ts";
import { Secrets } from "../../support/secrets.ts";

export const secrets = new Secrets();

/** The user who starts a gateway reads it: a token to paste, and bodies that others send too. */
const BANNER = /^Edge Actions is ready on .*?^Ctrl-C stops the gateway\./ms;

/** Throws when a secret is in the output of a gateway. */
export async function expectNoSecretIn(output: string): Promise<void> {
  secrets.addKey(await issuerKey());
  secrets.addKey(await signingKey());
  secrets.add(await completionToken());
  const lines = output.replace(BANNER, "").split("\n");
  for (const line of lines) {
    const secret = secrets.findIn(line);
    if (secret !== null) throw new Error(`a secret was logged: ${secret}\nin ${line}`);
  }
}
