// From a token's text to a verified (issuer, subject) pair: claims, algorithms and keys.
import { describe, expect, it } from "vitest";
import { configured } from "../support/auth-io.ts";
import { compact, encodeText, honestHeader, makeKey, type TestJwk } from "../support/tokens.ts";
import { words } from "../support/words.ts";
import {
  attackerKey,
  honest,
  honestText,
  issuers,
  judge,
  judges,
  key,
  kid,
  login,
  NOW,
  NOW_MS,
  other,
  refuses,
  signed,
  verify,
} from "./bench.ts";

describe("an honest token", () => {
  it("gives its issuer, subject and claims", async () => {
    expect(await verify(await honest({ plan: "gold" }))).toEqual({
      kind: "verified",
      issuer: issuers[0],
      header: { alg: "ES256", kid },
      key: issuers[0]?.keys.kind === "inline" && issuers[0].keys.keys[0],
      subject: "alice",
      claims: {
        iss: "https://login.example",
        aud: "edge-actions",
        sub: "alice",
        scope: "external",
        iat: NOW,
        exp: NOW + 300,
        plan: "gold",
      },
    });
  });

  judges("header", "typ", { verified: words`"JWT" "at+jwt"` });
  judges("header", "cty", { verified: words`"JWT"` });
  judges("header", "x5t", { verified: words`"abc"` });
  judges("header", "anything", { verified: words`[1]` });
});

describe("time", () => {
  judges("payload", "exp", {
    verified: words`${NOW + 1} ${NOW - 29} ${NOW + 300}.0 ${NOW + 300}.5 ${NOW - 30}.5 9007199254740991`,
    "token.expired": words`${NOW - 30} ${NOW - 31} 0 -1`,
    "token.bad_exp": words`undefined 9007199254740992 "${NOW + 300}" 1e400 null [${NOW + 300}] true`,
    "token.bad_payload": words`NaN Infinity`,
  });
  judges("payload", "nbf", {
    verified: words`undefined ${NOW - 1} ${NOW + 30} ${NOW}.5`,
    "token.not_yet_valid": words`${NOW + 31} ${NOW + 30}.5`,
    "token.bad_nbf": words`1e400 "${NOW}" null`,
  });
  judges("payload", "iat", {
    verified: words`undefined 0 ${NOW + 30} ${NOW}.5`,
    "token.issued_ahead": words`${NOW + 31} ${NOW + 30}.5`,
    "token.bad_iat": words`"${NOW}" null`,
  });
});

describe("issuer", () => {
  const OTHER = { iss: "https://other.example" };
  judges("payload", "iss", {
    "token.unknown_issuer": words`undefined "https://unknown.example" "https://login.example/"
      "https://LOGIN.example" ["https://login.example"]`,
    "token.unknown_kid": words`"https://other.example"`,
  });

  refuses("token.bad_signature", [
    ["another configured one, with its kid", () => honest(OTHER, { kid: other.keys[0]?.jwk.kid })],
    ["another configured one, without kid", () => honest(OTHER, { kid: undefined })],
    [
      "one that comes by way of a prototype",
      () => signed({ payload: `{"__proto__":${honestText.payload}}` }),
      "token.unknown_issuer",
    ],
  ]);
});

describe("audience", () => {
  judges("payload", "aud", {
    verified: words`["other","edge-actions"]`,
    "token.wrong_audience": words`undefined [] ["a","edge"] [["edge-actions"]] "edge-action" "Edge-Actions"
      "edge-actions-staging" "edge-actions\u0020other" {"edge-actions":true}`,
  });
});

describe("subject", () => {
  judges("payload", "sub", {
    verified: words`"${"a".repeat(1024)}" "__proto__" "\u0430lice\u0020\ud83d\ude00" "0"`,
    "token.bad_subject": words`undefined "" 7 null ["alice"] "${"a".repeat(1025)}" "${"b".repeat(10_240)}"`,
  });
});

function unsigned(alg: string): string {
  return `${encodeText(`{"alg":"${alg}"}`)}.${encodeText(honestText.payload)}.`;
}

/** The classic confusion: a verifier that takes the public key's text for a shared secret. */
async function signedWithPublicKey(): Promise<string> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const secret = new TextEncoder().encode(JSON.stringify(key.jwk));
  const mac = await crypto.subtle.importKey("raw", secret, hmac, false, ["sign"]);
  const header = JSON.stringify(honestHeader(key, { alg: "HS256" }));
  const input = new TextEncoder().encode(`${encodeText(header)}.${encodeText(honestText.payload)}`);
  return compact(header, honestText.payload, new Uint8Array(await crypto.subtle.sign("HMAC", mac, input)));
}

/** Judges a token of `login` against other keys than its own. */
async function judgeWith(jwks: TestJwk[], token: string, algorithms = ["ES256"]): Promise<string> {
  const settings = { ...login.settings, algorithms, jwks: { keys: jwks } };
  return judge(token, await configured({ settings }));
}

describe("alg", () => {
  judges("header", "alg", {
    "token.alg_not_allowed": words`"none" "nOnE" "" "es256" "dir" "__proto__"`,
    "token.bad_header": words`undefined null ["ES256"]`,
  });

  refuses("token.alg_not_allowed", [
    ["none without a signature", () => unsigned("none"), "token.not_compact"],
    ["nOnE without a signature", () => unsigned("nOnE"), "token.not_compact"],
    ["HS256 with the public key as secret", signedWithPublicKey],
  ]);

  it("must be listed in the issuer's entry, whatever its keys could do", async () => {
    const rsa = await makeKey("RS256");
    const token = await login.token({}, { nowMs: NOW_MS, key: rsa });
    expect(await judgeWith([key.jwk, rsa.jwk], token, ["ES256", "RS256"])).toBe("verified");
    expect(await judgeWith([key.jwk, rsa.jwk], token, ["ES256"])).toBe("token.alg_not_allowed");
    expect(await judgeWith([key.jwk, rsa.jwk], token, ["RS384", "PS256"])).toBe("token.alg_not_allowed");
  });
});

describe("keys", () => {
  it("verify a token without kid where one can be meant, and not where two can", async () => {
    const token = await honest({}, { kid: undefined });
    const second = await makeKey("ES256");
    expect(await judgeWith([key.jwk], token)).toBe("verified");
    expect(await judgeWith([key.jwk, { ...second.jwk, use: "enc" }], token)).toBe("verified");
    expect(await judgeWith([key.jwk, second.jwk], token)).toBe("token.ambiguous_key");
    const others = [{ ...key.jwk, use: "enc" }, (await makeKey("RS256")).jwk];
    expect(await judgeWith(others, token, ["ES256", "RS256"])).toBe("token.no_usable_key");
    expect(await judgeWith([key.jwk, second.jwk], await honest())).toBe("verified");
  });

  it("never verify when they are no point of their curve", async () => {
    const bent = { ...key.jwk, y: "A".repeat(43) };
    expect(await judgeWith([key.jwk], await honest())).toBe("verified");
    expect(await judgeWith([bent], await honest())).toBe("token.unusable_key");
  });

  it.each([
    ["jku", "https://attacker.example/keys.json"],
    ["x5u", "https://attacker.example/chain.pem"],
    ["jwk", attackerKey.jwk],
    ["x5c", ["MIIB"]],
  ])("are never taken from %s in the header", async (member, pointer) => {
    expect(await judge(await honest({}, { [member]: pointer }))).toBe("verified");
    const forged = await login.token({}, { nowMs: NOW_MS, key: attackerKey, header: { [member]: pointer } });
    expect(await judge(forged)).toBe("token.bad_signature");
  });
});

describe("kid", () => {
  judges("header", "kid", {
    "token.unknown_kid": words`"unknown" "" "${kid.toLowerCase()}" "../../dev/null"`,
    "token.bad_header": words`1 {}`,
  });

  refuses("token.bad_signature", [
    ["ours, on another's signature", () => login.token({}, { nowMs: NOW_MS, key: attackerKey })],
  ]);
});
