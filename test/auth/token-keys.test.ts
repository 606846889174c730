import { describe, expect, it } from "vitest";
import { configured } from "../support/auth-io.ts";
import { compact, encodeText, honestHeader, makeKey, type TestJwk } from "../support/tokens.ts";
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
  refuses("token.alg_not_allowed", [
    ["none without a signature", () => unsigned("none"), "token.not_compact"],
    ["nOnE without a signature", () => unsigned("nOnE"), "token.not_compact"],
    ["none with a signature", withAlg("none")],
    ["nOnE with a signature", withAlg("nOnE")],
    ["an empty one", withAlg("")],
    ["another case", withAlg("es256")],
    ["none at all", withAlg(undefined), "token.bad_header"],
    ["null", withAlg(null), "token.bad_header"],
    ["a list", withAlg(["ES256"]), "token.bad_header"],
    ["one for encryption", withAlg("dir")],
    ["a member of every object", withAlg("__proto__")],
    ["HS256 with the public key's PEM as secret", async () => signedWithPublicKey(await publicKeyAsPem())],
    ["HS256 with the public key's JWK as secret", () => signedWithPublicKey(publicKeyAsJwk())],
    [
      "HS256 with the public key's point as secret",
      async () => signedWithPublicKey(await publicKeyAs("raw")),
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

describe("keys", () => {
  it("verify a token without kid where one can be meant, and not where two can", async () => {
    const token = await honest({}, { kid: undefined });
    const second = await makeKey("ES256");
    expect(await judgeWith([key.jwk], token)).toBe("verified");
    expect(await judgeWith([key.jwk, { ...second.jwk, use: "enc" }], token)).toBe("verified");
    expect(await judgeWith([key.jwk, second.jwk], token)).toBe("token.ambiguous_key");
    expect(await judgeWith([{ ...key.jwk, use: "enc" }], token)).toBe("token.no_usable_key");
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
  refuses("token.unknown_kid", [
    ["an unknown one", () => honest({}, { kid: "unknown" })],
    ["an empty one", () => honest({}, { kid: "" })],
    ["another case", () => honest({}, { kid: kid.toLowerCase() })],
    ["a path", () => honest({}, { kid: "../../dev/null" })],
    ["a number", () => honest({}, { kid: 1 }), "token.bad_header"],
    ["an object", () => honest({}, { kid: {} }), "token.bad_header"],
    [
      "ours, on another's signature",
      () => login.token({}, { nowMs: NOW_MS, key: attackerKey }),
      "token.bad_signature",
    ],
  ]);
});
