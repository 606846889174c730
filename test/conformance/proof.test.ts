// What the clause callback.jwt finds wrong with a token. That it finds a whole deployment wrong: test/flows/conformance.test.ts.
import { describe, expect, it } from "vitest";
import { Breach } from "../../conformance/clause.ts";
import { expectToken, type Proof } from "../../conformance/proof.ts";

const NOW_SECONDS = 1_795_478_400;
const EXPECTED = {
  run: "2f1c7d1e",
  origin: "https://client.example",
  user: { iss: "https://login.example", sub: "alice", scope: "external" },
  atMs: NOW_SECONDS * 1000,
};
const SUB_ID = { format: "iss_sub", iss: "https://login.example", sub: "alice" };
const CLAIMS = {
  iss: "https://actions.example.com",
  aud: "https://client.example",
  sub: "2f1c7d1e",
  sub_id: SUB_ID,
  jti: "run_2f1c7d1e",
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
  body_sha256: "ungWv48Bz",
};
const HONEST: Proof = {
  webhookId: "run_2f1c7d1e",
  timestamp: NOW_SECONDS,
  holdsV1a: true,
  claims: CLAIMS,
  typ: "callback+jwt",
  jwtFault: "",
  bodySha256: "ungWv48Bz",
};

it("an honest token is no breach", () => {
  expect(() => expectToken(HONEST, EXPECTED)).not.toThrow();
});

describe("a breach", () => {
  it.each<[string, Partial<Proof>]>([
    ["Callback-Signature does not verify: no key", { claims: null, jwtFault: "no key" }],
    ['typ is "JWT", not "callback+jwt"', { typ: "JWT" }],
    ["typ is missing", { typ: undefined }],
    ...Object.entries<Record<string, unknown>>({
      'aud is "https://other.example", not "https://client.example"': { aud: "https://other.example" },
      "aud is missing": { aud: undefined },
      'sub is "another", not "2f1c7d1e"': { sub: "another" },
      'sub in sub_id is "bob", not "alice"': { sub_id: { ...SUB_ID, sub: "bob" } },
      'iss in sub_id is "https://x.example"': { sub_id: { ...SUB_ID, iss: "https://x.example" } },
      'format in sub_id is "opaque", not "iss_sub"': { sub_id: { ...SUB_ID, format: "opaque" } },
      "format in sub_id is missing": { sub_id: undefined },
      "jti is missing": { jti: undefined },
      "body_sha256 is missing": { body_sha256: undefined },
      "iat is": { iat: NOW_SECONDS - 61, exp: NOW_SECONDS + 239 },
      "exp - iat is 301, not 300": { exp: NOW_SECONDS + 301 },
      "iss is missing": { iss: undefined },
    }).map(([says, claims]): [string, Partial<Proof>] => [says, { claims: { ...CLAIMS, ...claims } }]),
  ])("%s", (says, change) => {
    const check = () => expectToken({ ...HONEST, ...change }, EXPECTED);
    expect(check).toThrow(Breach);
    expect(check).toThrow(says);
  });
});
