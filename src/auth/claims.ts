// Our own claims, as the contract has them. Each parser takes whatever stands in a verified token; null means malformed.
// Unknown members are refused and not ignored: an issuer that misspells "exempt" must hear of it.

// The namespace import lets the bundler drop zod's locales.
import * as z from "zod";
import type { Billing, RateLimitClaim } from "./caller.ts";

/** A space-separated string or an array of strings. */
export function parseScopes(claim: unknown): string[] | null {
  if (typeof claim === "string") return claim.split(" ").filter((scope) => scope !== "");
  return z.array(z.string()).safeParse(claim).data ?? null;
}

const RATE_LIMIT = z.union([
  z.strictObject({ exempt: z.literal(true) }),
  z.strictObject({ exempt: z.literal(false) }),
  z.strictObject({ exempt: z.literal(false), limit_override: z.int().min(1).max(1000) }),
]);

export function parseRateLimit(claim: unknown): RateLimitClaim | null {
  if (claim === undefined) return { kind: "default" };
  const { data } = RATE_LIMIT.safeParse(claim);
  if (data === undefined) return null;
  if (data.exempt) return { kind: "exempt" };
  return "limit_override" in data ? { kind: "override", limit: data.limit_override } : { kind: "default" };
}

const BILLING = z.strictObject({
  is_billable: z.boolean().default(false),
  origin: z.string().default("actions_api"),
  usage_type: z.string().default("action_run"),
  description: z.string().default("an action was run via Actions API"),
  exemption_reason: z.string().nullable().default(null),
  exemption_details: z.string().nullable().default(null),
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
