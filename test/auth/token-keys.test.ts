import { describe, expect, it } from "vitest";
import { configured } from "../support/auth-io.ts";
import { compact, encodeText, honestHeader, makeKey, type TestJwk, type TestKey } from "../support/tokens.ts";
import {
  attackerKey,
  honest,
  honestPayloadText,
  judge,
  key,
  kid,
  login,
  NOW_MS,
  refuses,
  signed,
} from "./bench.ts";

/** Well signed with ES256, whatever it says. */
function withAlg(alg: unknown): () => Promise<string> {
  return () => signed({ header: JSON.stringify(honestHeader(key, { alg })) });
}

function unsigned(alg: string): string {
  return `${encodeText(`{"alg":"${alg}"}`)}.${encodeText(honestPayloadText)}.`;
}

/** The classic confusion: a verifier that takes the public key's text for a shared secret. */
async function signedWithPublicKey(secret: Uint8Array): Promise<string> {
  const mac = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const header = JSON.stringify(honestHeader(key, { alg: "HS256" }));
  const input = new TextEncoder().encode(`${encodeText(header)}.${encodeText(honestPayloadText)}`);
  return compact(header, honestPayloadText, new Uint8Array(await crypto.subtle.sign("HMAC", mac, input)));
}

async function publicKeyAs(format: "spki" | "raw"): Promise<Uint8Array> {
  const ecdsa = { name: "ECDSA", namedCurve: "P-256" };
  const publicKey = await crypto.subtle.importKey("jwk", key.jwk, ecdsa, true, ["verify"]);
  const bytes = await crypto.subtle.exportKey(format, publicKey);
  if (!(bytes instanceof ArrayBuffer)) throw new Error("a JWK was not asked for");
  return new Uint8Array(bytes);
}

async function publicKeyAsPem(): Promise<Uint8Array> {
  const spki = btoa(String.fromCharCode(...(await publicKeyAs("spki")))).replace(/.{64}/g, "$&\n");
  return new TextEncoder().encode(`-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`);
}

function publicKeyAsJwk(): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(key.jwk));
}

describe("alg", () => {
  refuses([
    ["none without a signature", () => unsigned("none"), "token.not_compact"],
    ["nOnE without a signature", () => unsigned("nOnE"), "token.not_compact"],
    ["none with a signature", withAlg("none"), "token.alg_not_allowed"],
    ["nOnE with a signature", withAlg("nOnE"), "token.alg_not_allowed"],
    ["an empty one", withAlg(""), "token.alg_not_allowed"],
    ["another case", withAlg("es256"), "token.alg_not_allowed"],
    ["none at all", withAlg(undefined), "token.bad_header"],
    ["null", withAlg(null), "token.bad_header"],
    ["a list", withAlg(["ES256"]), "token.bad_header"],
    ["one for encryption", withAlg("dir"), "token.alg_not_allowed"],
    ["a member of every object", withAlg("__proto__"), "token.alg_not_allowed"],
    [
      "HS256 with the public key's PEM as secret",
      async () => signedWithPublicKey(await publicKeyAsPem()),
      "token.alg_not_allowed",
    ],
    [
      "HS256 with the public key's JWK as secret",
      () => signedWithPublicKey(publicKeyAsJwk()),
      "token.alg_not_allowed",
    ],
    [
      "HS256 with the public key's point as secret",
      async () => signedWithPublicKey(await publicKeyAs("raw")),
      "token.alg_not_allowed",
    ],
  ]);

  it("must be listed in the issuer's entry, whatever its keys could do", async () => {
    const rsa = await makeKey("RS256");
    const token = await login.token({}, { nowMs: NOW_MS, key: rsa });
    expect(await judgeWith([key.jwk, rsa.jwk], token, ["ES256", "RS256"])).toBe("verified");
    expect(await judgeWith([key.jwk, rsa.jwk], token, ["ES256"])).toBe("token.alg_not_allowed");
    expect(await judgeWith([key.jwk, rsa.jwk], token, ["RS384", "PS256"])).toBe("token.alg_not_allowed");
  });
});

/** Judges a token of `login` against other keys than its own. */
async function judgeWith(jwks: TestJwk[], token: string, algorithms = ["ES256"]): Promise<string> {
  return judge(
    token,
    await configured({ settings: { ...login.settings, algorithms, jwks: { keys: jwks } } }),
  );
}

/** 1,024 bits; jose would not make one. */
async function makeWeakKey(): Promise<TestKey> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if (!("publicKey" in pair)) throw new Error("RSA keys come in pairs");
  const exported = await crypto.subtle.exportKey("jwk", pair.publicKey);
  if (exported instanceof ArrayBuffer) throw new Error("a JWK was asked for");
  const { kty, n, e } = exported;
  const jwk = { kty, n, e, kid: "weak" };
  return { alg: "RS256", jwk, privateKey: pair.privateKey };
}

describe("keys", () => {
  it.each([
    ["whose alg differs", { alg: "ES384" }],
    ["for encryption", { use: "enc" }],
    ["whose key_ops lack verify", { key_ops: ["deriveBits"] }],
    ["of another kid", { kid: "another" }],
  ])("never verify when there is only one %s", async (_, members) => {
    const token = await honest();
    const twin = { ...key.jwk, alg: "ES256", use: "sig", key_ops: ["verify"] };
    expect(await judgeWith([twin], token)).toBe("verified");
    expect(await judgeWith([{ ...twin, ...members }], token)).toBe("token.unknown_kid");
  });

  it("never verify when they are RSA and under 2,048 bits", async () => {
    const [strong, weak] = [await makeKey("RS256"), await makeWeakKey()];
    const [strongToken, weakToken] = [
      await login.token({}, { nowMs: NOW_MS, key: strong }),
      await login.token({}, { nowMs: NOW_MS, key: weak }),
    ];
    expect(await judgeWith([strong.jwk, weak.jwk], strongToken, ["RS256"])).toBe("verified");
    expect(await judgeWith([strong.jwk, weak.jwk], weakToken, ["RS256"])).toBe("token.unknown_kid");
  });

  it("verify a token without kid where one can be meant, and not where two can", async () => {
    const token = await honest({}, { kid: undefined });
    const second = await makeKey("ES256");
    expect(await judgeWith([key.jwk], token)).toBe("verified");
    expect(await judgeWith([key.jwk, { ...second.jwk, use: "enc" }], token)).toBe("verified");
    expect(await judgeWith([key.jwk, second.jwk], token)).toBe("token.ambiguous_key");
    expect(await judgeWith([{ ...key.jwk, use: "enc" }], token)).toBe("token.no_usable_key");
    expect(await judgeWith([key.jwk, second.jwk], await honest())).toBe("verified");
  });

  it("never verify when two bear the kid", async () => {
    const second = await makeKey("ES256", { kid });
    expect(await judgeWith([key.jwk], await honest())).toBe("verified");
    expect(await judgeWith([key.jwk, second.jwk], await honest())).toBe("token.ambiguous_key");
    expect(await judgeWith([second.jwk, key.jwk], await honest())).toBe("token.ambiguous_key");
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
  refuses([
    ["an unknown one", () => honest({}, { kid: "unknown" }), "token.unknown_kid"],
    ["an empty one", () => honest({}, { kid: "" }), "token.unknown_kid"],
    ["another case", () => honest({}, { kid: kid.toLowerCase() }), "token.unknown_kid"],
    ["a path", () => honest({}, { kid: "../../dev/null" }), "token.unknown_kid"],
    ["a number", () => honest({}, { kid: 1 }), "token.bad_header"],
    ["an object", () => honest({}, { kid: {} }), "token.bad_header"],
    [
      "ours, on another's signature",
      () => login.token({}, { nowMs: NOW_MS, key: attackerKey }),
      "token.bad_signature",
    ],
  ]);
});
