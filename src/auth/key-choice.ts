// Which key of an issuer's set a token may be verified with: exactly one, or none. jose has the same choice, but bound to
// its own fetch.

import { isUsable, type Jwk } from "../platform/jwk.ts";
import type { TokenHeader } from "./token-form.ts";

export type KeyChoice =
  | { kind: "key"; key: Jwk }
  /** The token names a key that is not (or not usably) in the set: the only refusal that a newer set may cure. */
  | { kind: "unknown_kid" }
  | { kind: "no_usable_key" }
  | { kind: "ambiguous_key" };

export function chooseKey(keys: readonly Jwk[], { alg, kid }: TokenHeader): KeyChoice {
  const candidates = keys.filter((key) => (kid === null || key.kid === kid) && isUsable(key, alg));
  const [key, second] = candidates;
  if (second !== undefined) return { kind: "ambiguous_key" };
  if (key !== undefined) return { kind: "key", key };
  return { kind: kid === null ? "no_usable_key" : "unknown_kid" };
}
