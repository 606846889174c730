import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { chooseKey } from "../../src/auth/key-choice.ts";
import type { Jwk } from "../../src/platform/settings.ts";

const EC: Jwk = { kty: "EC", crv: "P-256", x: "x", y: "y", kid: "k" };
const RSA: Jwk = { kty: "RSA", n: modulus(2048), e: "AQAB", kid: "k" };
const OKP: Jwk = { kty: "OKP", crv: "Ed25519", x: "x", kid: "k" };

/** A number of exactly so many bits, after so many leading zero bytes. */
function modulus(bits: number, zeros = 0): string {
  const bytes = new Uint8Array(zeros + Math.ceil(bits / 8)).fill(0xff, zeros);
  bytes[zeros] = 0xff >> ((8 - (bits % 8)) % 8);
  return base64url.encode(bytes);
}

/** A key as an issuer may send it, whatever its members hold. */
function received(members: Record<string, unknown>): Jwk {
  const key: Jwk = JSON.parse(JSON.stringify(members));
  return key;
}

describe("chooseKey", () => {
  it.each<[string, Jwk]>([
    ["ES256", EC],
    ["ES256", { ...EC, alg: "ES256", use: "sig", key_ops: ["verify"] }],
    ["ES256", { ...EC, key_ops: ["sign", "verify"] }],
    ["RS256", RSA],
    ["PS512", { ...RSA, alg: "PS512" }],
    ["RS256", { ...RSA, n: modulus(2049) }],
    ["RS256", { ...RSA, n: modulus(2048, 3) }],
    ["Ed25519", { ...OKP, alg: "EdDSA" }],
    ["EdDSA", { ...OKP, alg: "Ed25519" }],
  ])("takes for %s the key %j", (alg, key) => {
    expect(chooseKey([key], { alg, kid: "k" })).toEqual({ kind: "key", key });
    expect(chooseKey([key], { alg, kid: null })).toEqual({ kind: "key", key });
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["the key is for encryption", "ES256", { ...EC, use: "enc" }],
    ["its use is no word we know", "ES256", { ...EC, use: "" }],
    ["its operations leave out verify", "ES256", { ...EC, key_ops: ["sign"] }],
    ["it has no operations", "ES256", { ...EC, key_ops: [] }],
    ["its operations are a string", "ES256", { ...EC, key_ops: "verify" }],
    ["its own alg differs", "ES256", { ...EC, alg: "ES384" }],
    ["its own alg is no string", "ES256", { ...EC, alg: null }],
    ["its own alg differs within RSA", "RS256", { ...RSA, alg: "PS256" }],
    ["it is on another curve", "ES256", { ...EC, crv: "P-384" }],
    ["it has no curve", "ES256", { ...EC, crv: undefined }],
    ["it is of another type", "RS256", { ...EC }],
    ["it is for key agreement", "EdDSA", { ...OKP, crv: "X25519" }],
    ["it is of another Edwards curve", "EdDSA", { ...OKP, crv: "Ed448" }],
    ["it is private", "ES256", { ...EC, d: "secret" }],
    ["it is private, if emptily so", "ES256", { ...EC, d: "" }],
    ["it is symmetric", "HS256", { kty: "oct", k: "secret", kid: "k" }],
    ["it is symmetric in disguise", "ES256", { ...EC, k: "secret" }],
    ["it has 2047 bits", "RS256", { ...RSA, n: modulus(2047) }],
    ["it has 2047 bits after leading zeros", "RS256", { ...RSA, n: modulus(2047, 2) }],
    ["it has 1024 bits", "PS256", { ...RSA, n: modulus(1024) }],
    ["its modulus is zero", "RS256", { ...RSA, n: "A".repeat(400) }],
    ["it has no modulus", "RS256", { ...RSA, n: undefined }],
    ["its modulus is no base64url", "RS256", { ...RSA, n: "/".repeat(400) }],
    ["the algorithm is unknown", "none", { ...EC }],
    ["the algorithm is spelled otherwise", "es256", { ...EC }],
    ["the algorithm is a member of every object", "__proto__", { ...EC }],
    ["its kid is another", "ES256", { ...EC, kid: "K" }],
    ["its kid is a number", "ES256", { ...EC, kid: 1 }],
    ["it has no kid", "ES256", { ...EC, kid: undefined }],
  ])("passes over a key when %s", (_, alg, members) => {
    expect(chooseKey([EC], { alg: "ES256", kid: "k" }).kind).toBe("key");
    expect(chooseKey([received(members)], { alg, kid: "k" })).toEqual({ kind: "unknown_kid" });
  });

  it("takes the only usable key for a token without kid", () => {
    const other: Jwk = { ...EC, kid: "other", use: "enc" };
    expect(chooseKey([other, EC, RSA], { alg: "ES256", kid: null })).toEqual({ kind: "key", key: EC });
    expect(chooseKey([other, RSA], { alg: "ES256", kid: null })).toEqual({ kind: "no_usable_key" });
    expect(chooseKey([], { alg: "ES256", kid: null })).toEqual({ kind: "no_usable_key" });
  });

  it("does not guess between two usable keys", () => {
    const other: Jwk = { ...EC, kid: "other" };
    expect(chooseKey([EC, other], { alg: "ES256", kid: "other" })).toEqual({ kind: "key", key: other });
    expect(chooseKey([EC, other], { alg: "ES256", kid: null })).toEqual({ kind: "ambiguous_key" });
    expect(chooseKey([EC, { ...EC }], { alg: "ES256", kid: "k" })).toEqual({ kind: "ambiguous_key" });
  });

  it("tells keys with one kid apart by what they can do", () => {
    expect(chooseKey([EC, RSA, OKP], { alg: "RS256", kid: "k" })).toEqual({ kind: "key", key: RSA });
  });
});
