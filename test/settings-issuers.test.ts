// What is taken, and what is refused, of the issuers and the signing keys.
import { describe, expect, it } from "vitest";
import { parseSettings } from "../src/platform/settings.ts";
import { findProblems, ISSUER, KEY, REQUIRED } from "./support/given-settings.ts";

const OKP = { kty: "OKP", crv: "Ed25519", kid: "i2", x: KEY.x };
const PUBLIC_KEY = { kty: "EC", crv: "P-256", kid: "i1", x: "x", y: "y" };

function issuerProblem(change: object, vars: Record<string, string> = {}): readonly string[] {
  return findProblems({ JWT_ISSUERS: JSON.stringify([{ ...ISSUER, ...change }]), ...vars });
}

describe("an issuer", () => {
  it("an issuer with its keys inline", () => {
    const { jwks_uri: _, ...issuer } = ISSUER;
    const inline = { ...issuer, jwks: { keys: [PUBLIC_KEY] } };
    expect(parseSettings({ ...REQUIRED, JWT_ISSUERS: JSON.stringify([inline]) }).issuers[0]?.keys).toEqual({
      kind: "inline",
      keys: [PUBLIC_KEY],
    });
  });

  it("plain-http keys while the gateway itself is http", () => {
    const uri = { jwks_uri: "http://127.0.0.1:9/jwks.json" };
    expect(issuerProblem(uri)).toEqual([]);
    expect(issuerProblem(uri, { PUBLIC_URL: "http://127.0.0.1:8787" })).toEqual([]);
  });

  const ALGORITHMS =
    'JWT_ISSUERS entry 0 needs "algorithms", each one of ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384, PS512, EdDSA, Ed25519';
  it.each<[change: Record<string, unknown>, problem: string]>([
    [{ issuer: undefined }, 'JWT_ISSUERS entry 0 needs "issuer" and "audience"'],
    [{ issuer: "" }, 'JWT_ISSUERS entry 0 needs "issuer" and "audience"'],
    [{ audience: ["a"] }, 'JWT_ISSUERS entry 0 needs "issuer" and "audience"'],
    [{ algorithms: [] }, ALGORITHMS],
    [{ algorithms: "ES256" }, ALGORITHMS],
    [{ algorithms: ["ES256", "HS256"] }, ALGORITHMS],
    [{ algorithms: ["none"] }, ALGORITHMS],
    [{ jwks_uri: undefined }, 'JWT_ISSUERS entry 0 needs either "jwks_uri" or "jwks"'],
    [{ jwks: { keys: [PUBLIC_KEY] } }, 'JWT_ISSUERS entry 0 needs either "jwks_uri" or "jwks"'],
    [{ jwks_uri: "login.example" }, 'JWT_ISSUERS entry 0 has a "jwks_uri" that is no URL'],
    [{ jwks_uri: "file:///etc/passwd" }, 'JWT_ISSUERS entry 0 has a "jwks_uri" that is no URL'],
    [{ jwks_uri: undefined, jwks: [] }, 'JWT_ISSUERS entry 0 has a "jwks" that is no JWK set'],
    [{ jwks_uri: undefined, jwks: { keys: [] } }, 'JWT_ISSUERS entry 0 has no key in "jwks"'],
    [{ jwks_uri: undefined, jwks: { keys: [{}] } }, 'JWT_ISSUERS entry 0 has a "jwks" that is no JWK set'],
    [
      { jwks_uri: undefined, jwks: { keys: [PUBLIC_KEY, { ...PUBLIC_KEY, d: "x" }] } },
      'JWT_ISSUERS entry 0 has a private key in "jwks"',
    ],
    [
      { jwks_uri: undefined, jwks: { keys: [{ kty: "oct", k: "x" }] } },
      'JWT_ISSUERS entry 0 has a private key in "jwks"',
    ],
  ])("an issuer with %o", (change, problem) => {
    expect(issuerProblem(change)).toEqual([problem]);
  });

  it.each<[change: object, problem: string]>([
    [{ operators: "yes" }, 'JWT_ISSUERS entry 0 has an "operators" that is not true or false'],
    [
      { jwks_uri: "https://user:password@login.example/jwks.json" },
      'JWT_ISSUERS entry 0 has credentials in its "jwks_uri"',
    ],
    [{ jwks_uri: "https://user@login.example/" }, 'JWT_ISSUERS entry 0 has credentials in its "jwks_uri"'],
    ...[{ issuer: " https://login.example" }, { issuer: "https://login.example\n" }, { audience: "a " }].map(
      (change): [object, string] => [
        change,
        'JWT_ISSUERS entry 0 has white space around its "issuer" or "audience"',
      ],
    ),
    ...["https://login.example:0/jwks.json", "https://*.login.example/jwks.json", "https://{host}/"].map(
      (uri): [object, string] => [
        { jwks_uri: uri },
        'JWT_ISSUERS entry 0 has a "jwks_uri" with port 0 or a host that cannot be fetched',
      ],
    ),
    [{ operator: true }, 'JWT_ISSUERS entry 0 has an unknown member "operator"'],
    [{ jwksUri: "https://login.example/" }, 'JWT_ISSUERS entry 0 has an unknown member "jwksUri"'],
  ])("an issuer with %o too", (change, problem) => {
    expect(issuerProblem(change)).toEqual([problem]);
  });

  it.each([
    ["http://login.example/jwks.json", 'a plain-http "jwks_uri"'],
    ["https://203.0.113.7/jwks.json", 'an IP address in its "jwks_uri"'],
  ])("an issuer with its keys at %s while the gateway is https", (uri, fault) => {
    const problems = issuerProblem({ jwks_uri: uri }, { PUBLIC_URL: "https://edge.example" });
    expect(problems).toEqual([`JWT_ISSUERS entry 0 has ${fault} while PUBLIC_URL is https`]);
  });
});

const rsa = (bits: number) => ({ kty: "RSA", e: "AQAB", n: `_${"A".repeat(Math.ceil(bits / 6) - 1)}` });

describe("inline keys", () => {
  const NONE = 'JWT_ISSUERS entry 0 has no key in "jwks" that verifies one of its "algorithms"';
  it.each<[what: string, algorithms: string[], keys: object[], problems: string[]]>([
    ["of another kind", ["RS256"], [PUBLIC_KEY], [NONE]],
    ["of another curve", ["ES384", "EdDSA"], [PUBLIC_KEY], [NONE]],
    ["for another algorithm", ["RS256"], [{ ...rsa(2048), alg: "PS256" }], [NONE]],
    ["for encryption", ["ES256"], [{ ...PUBLIC_KEY, use: "enc" }], [NONE]],
    ["for signing only", ["ES256"], [{ ...PUBLIC_KEY, key_ops: ["sign"] }], [NONE]],
    ["too short", ["RS256"], [rsa(1024)], [NONE]],
    ["long enough", ["RS256"], [rsa(2048)], []],
    ["for one of two algorithms", ["RS256", "ES256"], [PUBLIC_KEY], []],
    ["of which one will do", ["ES256"], [rsa(1024), { ...PUBLIC_KEY, use: "sig", alg: "ES256" }], []],
    ["under the other name of its algorithm", ["Ed25519"], [{ ...OKP, alg: "EdDSA" }], []],
  ])("%s", (_what, algorithms, keys, problems) => {
    expect(issuerProblem({ algorithms, jwks_uri: undefined, jwks: { keys } })).toEqual(problems);
  });
});

describe("an issuer of the developer's own machine", () => {
  const jwks_uri = "https://localhost:8443/jwks.json";
  it.each([
    [{ jwks_uri }, "https://edge.example", ["a", '"jwks_uri"']],
    [{ issuer: "https://127.0.0.1" }, "https://edge.example", ["an", '"issuer"']],
    [{ issuer: "https://localhost.example" }, "https://edge.example", null],
    [{ issuer: "localhost" }, "https://edge.example", null],
    [{ jwks_uri, issuer: "https://localhost" }, "https://localhost:8787", null],
    [{ jwks_uri, issuer: "https://localhost" }, "http://127.0.0.1:8787", null],
  ])("with %o, of a gateway at %s", (change, PUBLIC_URL, places) => {
    const problems = places && [
      `JWT_ISSUERS entry 0 has ${places.join(" ")} on localhost while PUBLIC_URL is elsewhere`,
    ];
    expect(issuerProblem(change, { PUBLIC_URL })).toEqual(problems ?? []);
  });
});

const two = (kid: string) => ({ SIGNING_KEYS: JSON.stringify({ keys: [KEY, { ...KEY, kid }] }) });

describe("signing keys", () => {
  const { d: _, ...publicHalf } = KEY;
  const { kid: __, ...nameless } = KEY;
  it.each<[name: string, value: unknown]>([
    ["an array", [KEY]],
    ["no keys", { keys: [] }],
    ["a public key", { keys: [publicHalf] }],
    ["a key without kid", { keys: [nameless] }],
    ["a key of another curve", { keys: [{ ...KEY, crv: "X25519" }] }],
    ["a key of another kind", { keys: [{ ...KEY, kty: "EC", crv: "P-256" }] }],
    ["one good key and one bad", { keys: [KEY, publicHalf] }],
    ["half a private key", { keys: [{ ...KEY, d: KEY.d.slice(0, 21) }] }],
    ["a private key that is no base64url", { keys: [{ ...KEY, d: "!".repeat(43) }] }],
    ["a public half that is too long", { keys: [{ ...KEY, x: `${KEY.x}A` }] }],
  ])("signing keys: %s", (_name, value) => {
    expect(findProblems({ SIGNING_KEYS: JSON.stringify(value) })).toEqual([
      'SIGNING_KEYS must be a JWK set of Ed25519 private keys, each with a "kid"',
    ]);
  });

  it("refuses two signing keys of one name, and takes two of two names", () => {
    expect(findProblems(two(KEY.kid))).toEqual(["SIGNING_KEYS names a kid twice"]);
    expect(findProblems(two("another"))).toEqual([]);
  });
});
