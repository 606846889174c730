// Our own claims, as the contract has them. Each parser takes whatever stands in a verified token; null means malformed.
// Unknown members are refused and not ignored: an issuer that misspells "exempt" must hear of it.

// zod/mini and the namespace import: see contract/schemas.ts.
import * as z from "zod/mini";
import type { Billing, RateLimitClaim } from "./caller.ts";

/** A space-separated string or an array of strings. */
export function parseScopes(claim: unknown): string[] | null {
  if (typeof claim === "string") return claim.split(" ").filter((scope) => scope !== "");
  return z.array(z.string()).safeParse(claim).data ?? null;
}

const RATE_LIMIT = z.strictObject({
  exempt: z._default(z.boolean(), false),
  limit_override: z.optional(z.int().with(z.gte(1), z.lte(1000))),
});

/** Each member may stand alone; `exempt: true` wins over an override. */
export function parseRateLimit(claim: unknown): RateLimitClaim | null {
  if (claim === undefined) return { kind: "default" };
  const { data } = RATE_LIMIT.safeParse(claim);
  if (data === undefined) return null;
  if (data.exempt) return { kind: "exempt" };
  return data.limit_override === undefined
    ? { kind: "default" }
    : { kind: "override", limit: data.limit_override };
}

const BILLING = z.strictObject({
  is_billable: z._default(z.boolean(), false),
  origin: z._default(z.string(), "actions_api"),
  usage_type: z._default(z.string(), "action_run"),
  description: z._default(z.string(), "an action was run via Actions API"),
  exemption_reason: z._default(z.nullable(z.string()), null),
  exemption_details: z._default(z.nullable(z.string()), null),
});

/** The claim is a string that holds a JSON object; its members override the defaults. */
export function parseBilling(claim: unknown): Billing | null {
  if (claim === undefined) return BILLING.parse({});
  if (typeof claim !== "string") return null;
  return BILLING.safeParse(parseJson(claim)).data ?? null;
}

/** Undefined when the text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
