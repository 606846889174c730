import { describe, expect, it } from "vitest";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { verifyToken } from "../../src/auth/token.ts";
import { makeIo } from "../support/auth-io.ts";
import { honestClaims } from "../support/tokens.ts";
import {
  honest,
  honestPayloadText,
  issuers,
  judge,
  kid,
  login,
  NOW,
  NOW_MS,
  otherKey,
  refuses,
  signed,
} from "./bench.ts";

/** An honest payload with one member spelled by hand. */
function payloadWith(member: string, text: string): string {
  const rest = { ...honestClaims(login, NOW_MS), [member]: undefined };
  return JSON.stringify(rest).replace(/}$/, `,"${member}":${text}}`);
}

describe("an honest token", () => {
  it("gives its issuer, subject and claims", async () => {
    const token = await honest({ plan: "gold" });
    const verdict = await verifyToken(token, issuers, {
      issuerKeys: new IssuerKeys(),
      ...makeIo({ nowMs: NOW_MS }),
    });
    expect(verdict).toEqual({
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

  it.each([[{ typ: "JWT" }], [{ typ: "at+jwt" }], [{ cty: "JWT" }], [{ x5t: "abc", anything: [1] }]])(
    "may carry the header %j",
    async (header) => {
      expect(await judge(await honest({}, header))).toBe("verified");
    },
  );
});

describe("time", () => {
  it.each([
    ["exp", `${NOW + 1}`, "verified"],
    ["exp", `${NOW - 29}`, "verified"],
    ["exp", `${NOW - 30}`, "token.expired"],
    ["exp", `${NOW - 31}`, "token.expired"],
    ["exp", "0", "token.expired"],
    ["exp", "-1", "token.expired"],
    ["exp", `${NOW + 300}.0`, "verified"],
    ["exp", "9007199254740991", "verified"],
    ["exp", "9007199254740992", "token.bad_exp"],
    ["exp", `"${NOW + 300}"`, "token.bad_exp"],
    ["exp", `${NOW + 300}.5`, "token.bad_exp"],
    ["exp", "1e400", "token.bad_exp"],
    ["exp", "NaN", "token.bad_payload"],
    ["exp", "Infinity", "token.bad_payload"],
    ["exp", "null", "token.bad_exp"],
    ["exp", `[${NOW + 300}]`, "token.bad_exp"],
    ["exp", "true", "token.bad_exp"],
    ["nbf", `${NOW - 1}`, "verified"],
    ["nbf", `${NOW + 30}`, "verified"],
    ["nbf", `${NOW + 31}`, "token.not_yet_valid"],
    ["nbf", "1e400", "token.bad_nbf"],
    ["nbf", `"${NOW}"`, "token.bad_nbf"],
    ["nbf", `${NOW}.5`, "token.bad_nbf"],
    ["nbf", "null", "token.bad_nbf"],
    ["iat", "0", "verified"],
    ["iat", `${NOW + 30}`, "verified"],
    ["iat", `${NOW + 31}`, "token.issued_ahead"],
    ["iat", `"${NOW}"`, "token.bad_iat"],
    ["iat", `${NOW}.5`, "token.bad_iat"],
    ["iat", "null", "token.bad_iat"],
  ])("%s: %s is %s", async (claim, text, outcome) => {
    expect(await judge(await signed({ payload: payloadWith(claim, text) }))).toBe(outcome);
  });

  it.each([
    ["exp", "token.bad_exp"],
    ["nbf", "verified"],
    ["iat", "verified"],
  ])("%s left out is %s", async (claim, outcome) => {
    expect(await judge(await honest({ [claim]: undefined }))).toBe(outcome);
  });
});

describe("issuer", () => {
  refuses("token.unknown_issuer", [
    ["an unknown one", () => honest({ iss: "https://unknown.example" })],
    ["a trailing slash", () => honest({ iss: "https://login.example/" })],
    ["another case", () => honest({ iss: "https://LOGIN.example" })],
    ["none", () => honest({ iss: undefined })],
    ["a list", () => honest({ iss: ["https://login.example"] })],
    ["another configured one", () => honest({ iss: "https://other.example" }), "token.unknown_kid"],
    [
      "another configured one, with its kid",
      () => honest({ iss: "https://other.example" }, { kid: otherKey.jwk.kid }),
      "token.bad_signature",
    ],
    [
      "another configured one, without kid",
      () => honest({ iss: "https://other.example" }, { kid: undefined }),
      "token.bad_signature",
    ],
    ["one that comes by way of a prototype", () => signed({ payload: `{"__proto__":${honestPayloadText}}` })],
  ]);
});

describe("audience", () => {
  refuses("token.wrong_audience", [
    ["none", () => honest({ aud: undefined })],
    ["an empty list", () => honest({ aud: [] })],
    ["a list without ours", () => honest({ aud: ["a", "edge"] })],
    ["a list within a list", () => honest({ aud: [["edge-actions"]] })],
    ["a prefix", () => honest({ aud: "edge-action" })],
    ["a longer name", () => honest({ aud: "edge-actions-staging" })],
    ["another case", () => honest({ aud: "Edge-Actions" })],
    ["several in one string", () => honest({ aud: "edge-actions other" })],
    ["an object", () => honest({ aud: { "edge-actions": true } })],
  ]);

  it("may be a list with ours in it", async () => {
    expect(await judge(await honest({ aud: ["other", "edge-actions"] }))).toBe("verified");
  });
});

describe("subject", () => {
  refuses("token.bad_subject", [
    ["none", () => honest({ sub: undefined })],
    ["an empty one", () => honest({ sub: "" })],
    ["a number", () => honest({ sub: 7 })],
    ["null", () => honest({ sub: null })],
    ["a list", () => honest({ sub: ["alice"] })],
    ["1,025 characters", () => honest({ sub: "a".repeat(1025) })],
    ["10 KB", () => honest({ sub: "a".repeat(10_240) })],
  ]);

  it.each([["a".repeat(1024)], ["__proto__"], ["\u0430lice \u{1f600}"], ["0"]])("may be %j", async (sub) => {
    expect(await judge(await honest({ sub }))).toBe("verified");
  });
});
