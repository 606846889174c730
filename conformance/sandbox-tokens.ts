// Tokens of the development issuer, for every clause: users whom the gateway has never seen.
import { devToken } from "../scripts/dev-token.ts";
import type { TokenOption } from "./options.ts";

const EXPIRES_SECONDS = 1800;
/** Few enough to use up, and enough for what is counted before. */
const LOW_LIMIT = 8;

export async function sandboxTokens(): Promise<Record<TokenOption, string>> {
  const low = user();
  return {
    token: await token(user()),
    "other-token": await token(user()),
    "token-low-limit": await token(low, { rate_limit: { limit_override: LOW_LIMIT } }),
    "billable-token": await token(user(), { billing: '{"is_billable":true,"origin":"conformance"}' }),
    "exempt-token": await token(user(), { rate_limit: { exempt: true } }),
    "expired-token": await token(user(), {}, -EXPIRES_SECONDS),
    // Of the user with the low limit, so that it can be seen that a refusal is not counted.
    "no-scope-token": await token(low, { scope: "something else" }),
    "bad-billing-token": await token(user(), { billing: { is_billable: true } }),
    "bad-rate-limit-token": await token(user(), { rate_limit: { exempt: false, limit_override: 1001 } }),
  };
}

function user(): string {
  return `conformance-${crypto.randomUUID()}`;
}

function token(
  sub: string,
  claims: Record<string, unknown> = {},
  expiresSeconds = EXPIRES_SECONDS,
): Promise<string> {
  return devToken({ sub, scope: "external", expiresSeconds, claims });
}
