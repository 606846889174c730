// Two issuers with inline keys, an attacker, and a judge: what the tests of tokens stand on.

import { expect, it } from "vitest";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { type NotVerified, type Verified, verifyToken } from "../../src/auth/token.ts";
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
export const other = await makeIssuer("https://other.example");
export const issuers = await configured(login, other);
export const key = firstKey(login.keys);
export const kid = key.jwk.kid ?? "";
/** Not the issuer's, but under the kid of its key. */
export const attackerKey = await makeKey("ES256", { kid });

function firstKey([first]: TestKey[]): TestKey {
  if (first === undefined) throw new Error("no key");
  return first;
}

/** The network refuses every request. */
export function verify(token: string, trusted = issuers): Promise<Verified | NotVerified> {
  return verifyToken(token, trusted, { issuerKeys: new IssuerKeys(), ...makeIo({ nowMs: NOW_MS }) });
}

/** "verified", or the reason for the log. */
export async function judge(token: string, trusted = issuers): Promise<string> {
  const verdict = await verify(token, trusted);
  return verdict.kind === "invalid" ? verdict.reason : verdict.kind;
}

export function honest(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  return login.token(claims, { nowMs: NOW_MS, header });
}

export const honestText = {
  header: JSON.stringify(honestHeader(key)),
  payload: JSON.stringify(honestClaims(login, NOW_MS)),
};

/** A well-signed token whose header and payload are any text. */
export function signed(parts: Partial<typeof honestText>): Promise<string> {
  const { header, payload } = { ...honestText, ...parts };
  return signParts(header, payload, key);
}

export type Attack = [name: string, forge: () => string | Promise<string>, reason?: string];

/** Each attack beside the honest token that it imitates, for this reason where it names no other. */
export function refuses(usual: string, attacks: Attack[]): void {
  it.each(attacks)("refuses %s", async (_, forge, reason = usual) => {
    expect(await judge(await honest())).toBe("verified");
    expect(await judge(await forge())).toBe(reason);
  });
}

/**
 * Well-signed tokens, honest but for one member (without a name: for the whole of their header or payload), which is
 * spelled by hand, beside an honest one. `undefined` is left out.
 */
export function judges(
  part: keyof typeof honestText,
  member: string | null,
  outcomes: Record<string, string[]>,
): void {
  const cases = Object.entries(outcomes).flatMap(([outcome, texts]) =>
    texts.map((text) => ({ name: text.slice(0, 60), text, outcome })),
  );
  it.each(cases)(`${part} ${member ?? "as a whole"}: $name is $outcome`, async ({ text, outcome }) => {
    expect(await judge(await honest())).toBe("verified");
    const spelled = member === null ? text : withMember(honestText[part], member, text);
    expect(await judge(await signed({ [part]: spelled }))).toBe(outcome);
  });
}

function withMember(json: string, member: string, text: string): string {
  const rest = JSON.stringify({ ...JSON.parse(json), [member]: undefined });
  return text === "undefined" ? rest : rest.replace(/}$/, `,"${member}":${text}}`);
}
