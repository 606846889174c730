// Two issuers with inline keys, an attacker, and a judge: what the tests of tokens stand on.

import { expect, it } from "vitest";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { verifyToken } from "../../src/auth/token.ts";
import { configured, makeIo } from "../support/auth-io.ts";
import {
  honestClaims,
  honestHeader,
  makeIssuer,
  makeKey,
  signParts,
  type TestKey,
} from "../support/tokens.ts";

export const NOW_MS = Date.UTC(2026, 10, 20, 12);
export const NOW = 1_795_176_000;

export const login = await makeIssuer("https://login.example");
const other = await makeIssuer("https://other.example");
export const issuers = await configured(login, other);
export const [key, otherKey] = [firstKey(login.keys), firstKey(other.keys)];
export const kid = key.jwk.kid ?? "";
/** Not the issuer's, but under the kid of its key. */
export const attackerKey = await makeKey("ES256", { kid });

function firstKey([first]: TestKey[]): TestKey {
  if (first === undefined) throw new Error("no key");
  return first;
}

/** "verified", or the reason for the log. The network refuses every request. */
export async function judge(token: string, trusted = issuers): Promise<string> {
  const deps = { issuerKeys: new IssuerKeys(), ...makeIo({ nowMs: NOW_MS }) };
  const verdict = await verifyToken(token, trusted, deps);
  return verdict.kind === "invalid" ? verdict.reason : verdict.kind;
}

export function honest(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  return login.token(claims, { nowMs: NOW_MS, header });
}

export const honestHeaderText = JSON.stringify(honestHeader(key));
export const honestPayloadText = JSON.stringify(honestClaims(login, NOW_MS));

/** A well-signed token whose header and payload are any text. */
export function signed(parts: { header?: string; payload?: string }): Promise<string> {
  return signParts(parts.header ?? honestHeaderText, parts.payload ?? honestPayloadText, key);
}

export type Attack = [name: string, forge: () => string | Promise<string>, reason?: string];

/** Each attack beside the honest token that it imitates, for this reason where it names no other. */
export function refuses(usual: string, attacks: Attack[]): void {
  it.each(attacks)("refuses %s", async (_, forge, reason = usual) => {
    expect(await judge(await honest())).toBe("verified");
    expect(await judge(await forge())).toBe(reason);
  });
}
