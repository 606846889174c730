// Who is calling, as the verified token says. Nothing here comes from anywhere but a token that passed.

/** The `rate_limit` claim: the default cap, none at all, or a cap of its own (1 to 1000 a window). */
export type RateLimitClaim = { kind: "default" } | { kind: "exempt" } | { kind: "override"; limit: number };

/** The `billing` claim over its published defaults. Member names are the contract's. */
export type Billing = {
  is_billable: boolean;
  origin: string;
  usage_type: string;
  description: string;
  exemption_reason: string | null;
  exemption_details: string | null;
};

export type Caller = {
  issuer: string;
  subject: string;
  /** base64url SHA-256 of the pair (issuer, subject), 43 characters: names the user's gate, prefixes its KV keys, stands for it in logs. */
  userKey: string;
  scopes: readonly string[];
  rateLimit: RateLimitClaim;
  billing: Billing;
  /** The compact token as received; only `UPSTREAM_AUTH = "caller"` forwards it. */
  token: string;
};
