import { describe, expect, it } from "vitest";
import { chooseKey } from "../../src/auth/key-choice.ts";
import { checkSignature, type SignatureCheck } from "../../src/auth/signature-check.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { ALGORITHMS, makeKey, signParts, splitToken, type TestKey } from "../support/tokens.ts";

/** RFC 7515, appendix A.3. */
const ES256_KEY: Jwk = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};
const ES256_TOKEN =
  "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
  ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/** RFC 8037, appendix A.2 and A.4. */
const EDDSA_KEY: Jwk = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
const EDDSA_TOKEN =
  "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc" +
  ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

async function check(token: string, keys: Jwk[], alg: string): Promise<SignatureCheck> {
  const choice = chooseKey(keys, { alg, kid: null });
  if (choice.kind !== "key") throw new Error(choice.kind);
  return checkSignature(token, choice.key, alg);
}

describe("checkSignature", () => {
  it.each([
    ["RFC 7515 A.3", "ES256", ES256_KEY, ES256_TOKEN],
    ["RFC 8037 A.4", "EdDSA", EDDSA_KEY, EDDSA_TOKEN],
  ])("verifies %s", async (_, alg, key, token) => {
    expect(await check(token, [ES256_KEY, EDDSA_KEY], alg)).toBe("holds");
    expect(await check(token, [key], alg)).toBe("holds");
    const { header, payload } = splitToken(token);
    expect(await check(token.replace(payload, `${payload.slice(0, -4)}AAAA`), [key], alg)).toBe("broken");
    expect(await check(token.replace(header, `${header}AAAA`), [key], alg)).toBe("broken");
  });

  it.each(ALGORITHMS)("verifies %s, and not with another key", async (alg) => {
    const key = await makeKey(alg);
    const token = await signParts(JSON.stringify({ alg }), "any text at all", key);
    expect(await check(token, [key.jwk], alg)).toBe("holds");
    expect(await check(token, [(await makeKey(alg)).jwk], alg)).toBe("broken");
  });

  it("never lets a key verify under an algorithm that the header does not name", async () => {
    const key = await makeKey("RS256");
    const token = await signParts('{"alg":"RS256"}', "{}", key);
    expect(await check(token, [key.jwk], "RS256")).toBe("holds");
    expect(await check(token, [key.jwk], "PS256")).toBe("broken");
    expect(await check(token, [key.jwk], "RS512")).toBe("broken");
  });

  it("verifies both RSA algorithms with one key, whichever came first", async () => {
    const key = await makeKey("RS256");
    const pss = { name: "RSA-PSS", hash: "SHA-256" };
    const exported = await crypto.subtle.exportKey("pkcs8", key.privateKey);
    if (!(exported instanceof ArrayBuffer)) throw new Error("a JWK was not asked for");
    const privateKey = await crypto.subtle.importKey("pkcs8", exported, pss, false, ["sign"]);
    const twin: TestKey = { alg: "PS256", jwk: key.jwk, privateKey };
    expect(await check(await signParts('{"alg":"RS256"}', "{}", key), [key.jwk], "RS256")).toBe("holds");
    expect(await check(await signParts('{"alg":"PS256"}', "{}", twin), [key.jwk], "PS256")).toBe("holds");
    expect(await check(await signParts('{"alg":"RS256"}', "{}", key), [key.jwk], "RS256")).toBe("holds");
  });

  it.each([
    ["a point off the curve", { ...ES256_KEY, y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI4a0" }],
    ["a coordinate too short", { ...ES256_KEY, x: "f83O" }],
    ["a coordinate missing", { kty: "EC", crv: "P-256", x: "f83O" }],
    ["a coordinate that is no base64url", { ...ES256_KEY, x: "\u00e4" }],
  ])("calls a key with %s unusable, every time", async (_, key) => {
    expect(await check(ES256_TOKEN, [ES256_KEY], "ES256")).toBe("holds");
    expect(await check(ES256_TOKEN, [key], "ES256")).toBe("unusable_key");
    expect(await check(ES256_TOKEN, [key], "ES256")).toBe("unusable_key");
  });

  it.each([
    ["ext", { ...ES256_KEY, ext: false }],
    ["more operations than a public key can have", { ...ES256_KEY, key_ops: ["sign", "verify"] }],
    ["certificates", { ...ES256_KEY, x5c: ["bm90IG9uZQ=="], x5t: "" }],
  ])("is not put off by %s in a JWK", async (_, key) => {
    expect(await check(ES256_TOKEN, [key], "ES256")).toBe("holds");
  });
});
