// Who is calling, as a verified token says, and nothing else. The claims of our own are read as the contract has them:
// null means malformed. Unknown members are refused and not ignored: an issuer that misspells "exempt" must hear of it.

import { base64url } from "jose";
// zod/mini and the namespace import: see contract/schemas.ts.
import * as z from "zod/mini";
import { sha256 } from "../platform/hash.ts";
import { parseJson } from "../platform/json.ts";

export type Caller = {
  issuer: string;
  subject: string;
  userKey: string;
  scopes: readonly string[];
  rateLimit: RateLimitClaim;
  billing: Billing;
  /** The compact token as received; only `UPSTREAM_AUTH = "caller"` forwards it. */
  token: string;
};

/**
 * The name of a user everywhere (of the user's gate, before its KV keys, in logs): base64url SHA-256 of the pair, 43
 * characters. JSON keeps the pair unambiguous (no subject can be built to look like another issuer's) and writes lone
 * surrogates as escapes, which an encoder would fold into one replacement character.
 */
export async function buildUserKey(issuer: string, subject: string): Promise<string> {
  return base64url.encode(await sha256(JSON.stringify([issuer, subject])));
}

/** Of a space-separated string or an array of strings; none of anything else. */
export function parseScopes(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(" ").filter((scope) => scope !== "");
  // An entry with white space would be two scopes to an upstream that joins and splits them.
  return z.array(z.string().with(z.regex(/^\S+$/))).safeParse(claim).data ?? [];
}

const RATE_LIMIT = z.strictObject({
  exempt: z._default(z.boolean(), false),
  limit_override: z.optional(z.int().with(z.gte(1), z.lte(1000))),
});

/** The default cap, none at all, or a cap of its own (1 to 1000 a window). */
type RateLimitClaim = { kind: "default" } | { kind: "exempt" } | { kind: "override"; limit: number };

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

/** The claim's members, named by the contract, with their published defaults. */
const BILLING = z.strictObject({
  is_billable: z._default(z.boolean(), false),
  origin: z._default(z.string(), "actions_api"),
  usage_type: z._default(z.string(), "action_run"),
  description: z._default(z.string(), "an action was run via Actions API"),
  exemption_reason: z._default(z.nullable(z.string()), null),
  exemption_details: z._default(z.nullable(z.string()), null),
});

export type Billing = z.output<typeof BILLING>;

/** The claim is a string that holds a JSON object; its members override the defaults. */
export function parseBilling(claim: unknown): Billing | null {
  if (claim === undefined) return BILLING.parse({});
  if (typeof claim !== "string") return null;
  return BILLING.safeParse(parseJson(claim)).data ?? null;
}
