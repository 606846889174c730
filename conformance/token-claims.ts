// What a token of the caller's own says. Nothing is verified: that is the deployment's part.
import { decodeJwt } from "jose";

/** Empty for a token that is no JWT. */
export function parseClaims(token: string): Record<string, unknown> {
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}

/** The start limit that a token asks for; null when it leaves it to the deployment, 0 when it is exempt. */
export function parseLimit(token: string): number | null {
  const claim = parseClaims(token)["rate_limit"];
  if (typeof claim !== "object" || claim === null) return null;
  if ("exempt" in claim && claim.exempt === true) return 0;
  return "limit_override" in claim && typeof claim.limit_override === "number" ? claim.limit_override : null;
}
