// SECURITY-CASES, Tokens, at the gateway's surface: whatever is wrong, the answer is the same bland one, it touches
// no user's quota, and the upstream hears nothing. Which tokens are wrong is told exhaustively in test/auth/.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { signCallback } from "../../src/callbacks/signature.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { ACTION, type Answer, type Call, type Gateway, makeGateway, RUN_PATH } from "../support/gateway.ts";
import { answerKeysWith } from "../support/issuer-network.ts";
import {
  compact,
  honestClaims,
  honestHeader,
  makeKey,
  signParts,
  splitToken,
  type TestIssuer,
} from "../support/tokens.ts";
import { itAddsUp, JSON_TYPE, newUser, remainingAfterStart } from "./bench.ts";

const STORED = `/actions/v1/stored-actions/${ACTION}`;
const INVALID = 'Bearer error="invalid_token"';

const counts = { refused: 0, served: 0 };
let gateway: Gateway;
let issuer: TestIssuer;

beforeAll(async () => {
  gateway = await makeGateway();
  issuer = gateway.issuer;
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type User = { sub: string };
type Crooked = (user: User) => Promise<string>;

const now = () => Math.floor(Date.now() / 1000);
const withHeader =
  (header: Record<string, unknown>): Crooked =>
  (user) =>
    issuer.token(user, { header });
const withClaims =
  (claims: Record<string, unknown>): Crooked =>
  (user) =>
    issuer.token({ ...user, ...claims });

describe("a token that is no good", () => {
  it.each<[string, Crooked]>([
    ["alg none", async (user) => unsigned("none", user)],
    ["alg nOnE", async (user) => unsigned("nOnE", user)],
    ["HS256, signed with the public key", async (user) => symmetric(user)],
    ["an algorithm that is not the issuer's", withHeader({ alg: "ES384" })],
    ["a signature of zeros", (user) => signedWith(user, () => new Uint8Array(64))],
    ["a signature with one bit flipped", (user) => signedWith(user, flipLastBit)],
    ["another's payload under a signature", async (user) => withUser(user, await issuer.token(newUser()))],
    ["an unknown kid", withHeader({ kid: "spoofed" })],
    ["a key in its own header", withOwnKey],
    ["two parts", async (user) => (await issuer.token(user)).split(".").slice(0, 2).join(".")],
    ["five parts", async (user) => `${await issuer.token(user)}.e30.e30`],
    ["padding", async (user) => `${await issuer.token(user)}=`],
    ["an unknown crit", withHeader({ crit: ["x"], x: 1 })],
    ["b64: false", withHeader({ b64: false, crit: ["b64"] })],
    ["over 16 KB", withClaims({ padding: "x".repeat(16_384) })],
    ["no exp", withClaims({ exp: undefined })],
    ["exp past the tolerance", async (user) => issuer.token({ ...user, exp: now() - 31 })],
    ["nbf ahead", async (user) => issuer.token({ ...user, nbf: now() + 120 })],
    ["iat ahead", async (user) => issuer.token({ ...user, iat: now() + 120 })],
    ["an issuer with a slash more", withClaims({ iss: "https://login.example/" })],
    ["no audience", withClaims({ aud: undefined })],
    ["another audience", withClaims({ aud: "edge-actions-2" })],
    ["no subject", async () => issuer.token({ sub: undefined })],
    ["a subject that is no string", async () => issuer.token({ sub: { toString: "alice" } })],
    ["the gateway's own word to its upstream", gatewaysWord],
    ["the proof of a callback", callbackProof],
  ])("%s: 401, and nothing is said or counted", async (_name, crooked) => {
    const user = newUser();
    const token = await crooked(user);
    const credentials = ["Bearer", "JWT"].map((scheme) => ({ authorization: `${scheme} ${token}` }));
    await expectUnauthenticated(user, credentials, INVALID);
  });

  it.each<[string, Record<string, unknown>]>([
    ["exp within the tolerance", { exp: now() - 5 }],
    ["nbf within the tolerance", { nbf: now() + 20 }],
    ["our audience among others", { aud: ["other", "edge-actions"] }],
    ["a subject of 1,024 characters", { sub: "x".repeat(1024) }],
  ])("its twin, %s, is served", async (_name, claims) => {
    expect((await gateway.start({}, { claims: { ...newUser(), ...claims } })).status).toBe(202);
    counts.served += 1;
  });
});

describe("a request without one good token", () => {
  it.each<[string, (token: string) => Record<string, string>, string]>([
    ["no header", () => ({}), "Bearer"],
    ["an empty header", () => ({ authorization: "" }), "Bearer"],
    ["a scheme alone", () => ({ authorization: "Bearer" }), "Bearer"],
    ["a scheme and a blank", () => ({ authorization: "Bearer " }), "Bearer"],
    ["Basic", (token) => ({ authorization: `Basic ${btoa(`user:${token.slice(0, 20)}`)}` }), "Bearer"],
    ["no scheme", (token) => ({ authorization: token }), "Bearer"],
    ["a scheme that only begins like ours", (token) => ({ authorization: `BearerX ${token}` }), "Bearer"],
    ["two headers", (token) => ({ authorization: `Bearer ${token}, Bearer ${token}` }), INVALID],
    ["two tokens", (token) => ({ authorization: `Bearer ${token} ${token}` }), INVALID],
    [
      "a token in another header",
      (token) => ({ "x-authorization": `Bearer ${token}`, cookie: `token=${token}` }),
      "Bearer",
    ],
    ["a token for the proxy", (token) => ({ "proxy-authorization": `Bearer ${token}` }), "Bearer"],
  ])("%s: 401", async (_name, headersFor, challenge) => {
    const user = newUser();
    await expectUnauthenticated(user, [headersFor(await issuer.token(user))], challenge);
  });

  it.each([["access_token"], ["token"], ["jwt"], ["authorization"]])(
    "a token in the query, as %s: 401",
    async (parameter) => {
      const user = newUser();
      await expectUnauthenticated(user, [{}], "Bearer", `?${parameter}=${await issuer.token(user)}`);
    },
  );
});

describe("`jku`, `x5u` and `jwk` in a header", () => {
  it("are never followed", async () => {
    const asked = answerKeysWith(() => Response.json({ keys: [] }));
    const user = newUser();
    const url = "https://evil.example/jwks.json";
    const tokens = [
      await issuer.token(user, { header: { kid: "new", jku: url } }),
      await issuer.token(user, { header: { kid: "new", x5u: url } }),
      await withOwnKey(user),
    ];
    const credentials = tokens.map((token) => ({ authorization: `Bearer ${token}` }));
    await expectUnauthenticated(user, credentials, INVALID);
    // Beside a key that is known, they are not even read.
    const token = await issuer.token(user, { header: { jku: url, x5u: url } });
    expect(
      (await gateway.start({}, { claims: null, headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(202);
    expect(asked).toEqual([]);
    counts.served += 1;
  });
});

describe("a good token that may not do this: 403, named, and not counted", () => {
  const SCOPE = 'The token needs the scope "external".';
  const RATE_LIMIT = "The token's rate_limit claim is malformed.";
  const BILLING = "The token's billing claim is malformed.";

  it.each<[Record<string, unknown>, string, Record<string, unknown>]>([
    [{ scope: undefined }, SCOPE, { scope: "external" }],
    [{ scope: "internal externals" }, SCOPE, { scope: "internal external" }],
    [{ scope: "External" }, SCOPE, { scope: ["external"] }],
    [{ rate_limit: { exempt: false, limit_override: 0 } }, RATE_LIMIT, { rate_limit: { exempt: false } }],
    [{ rate_limit: { exempt: false, limit_override: 1001 } }, RATE_LIMIT, { rate_limit: undefined }],
    [{ rate_limit: { exempt: false, limit_override: 1.5 } }, RATE_LIMIT, { rate_limit: undefined }],
    [{ rate_limit: { exempt: false, limit_override: "500" } }, RATE_LIMIT, { rate_limit: undefined }],
    [{ rate_limit: { exempt: "yes" } }, RATE_LIMIT, { rate_limit: { exempt: false, limit_override: 200 } }],
    [{ rate_limit: null }, RATE_LIMIT, { rate_limit: undefined }],
    [{ billing: { is_billable: false } }, BILLING, { billing: '{"is_billable":false}' }],
    [{ billing: "{" }, BILLING, { billing: "{}" }],
    [{ billing: '{"is_billable":"true"}' }, BILLING, { billing: undefined }],
    [{ billing: '{"free":true}' }, BILLING, { billing: undefined }],
    [{ billing: '{"__proto__":{"is_billable":true}}' }, BILLING, { billing: undefined }],
  ])("%j", async (claims, detail, twin) => {
    const user = newUser();
    for (const { path, call } of WAYS) {
      const answer = await refused(path, { ...call, claims: { ...user, ...claims } });
      expect([answer.status, answer.body.errors[0].code]).toEqual([403, "permission_denied"]);
      expect([answer.body.errors[0].detail, answer.body.errors[0].source]).toEqual([detail, null]);
      expect(answer.headers.get("www-authenticate")).toBeNull();
    }
    expect(await remainingAfterStart(gateway, { ...user, ...twin })).toBe(199);
    counts.served += 1;
  });
});

itAddsUp(counts, { refused: 252, served: 61 });

const WAYS: { path: string; call: Call }[] = [
  { path: RUN_PATH, call: { method: "POST", body: '{"data":{}}', headers: JSON_TYPE } },
  { path: `${STORED}/runs/${crypto.randomUUID()}`, call: {} },
  { path: STORED, call: { method: "DELETE" } },
];

/** Refused on every way in, always with the same words; then the user's first honest start is the first one counted. */
async function expectUnauthenticated(
  user: User,
  all: Record<string, string>[],
  challenge: string,
  query = "",
): Promise<void> {
  for (const [{ path, call }, credentials] of WAYS.flatMap((way) =>
    all.map((headers) => [way, headers] as const),
  )) {
    const headers = { ...call.headers, ...credentials };
    const answer = await refused(path + query, { ...call, claims: null, headers });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, challenge]);
    expect(answer.body).toEqual({
      errors: [
        {
          status: 401,
          code: "unauthenticated",
          title: "Unauthenticated",
          detail: "A valid bearer token is required.",
          source: null,
          meta: { request_id: answer.headers.get("x-request-id") },
        },
      ],
    });
  }
  expect(await remainingAfterStart(gateway, user)).toBe(199);
  counts.served += 1;
}

/** `rateLimit: "off"` makes the contract's checker refuse any header about a window. */
async function refused(path: string, call: Call): Promise<Answer> {
  const asked = gateway.upstream.asked.length;
  const answer = await gateway.call(path, { ...call, circumstances: { rateLimit: "off" } });
  expect(gateway.upstream.asked).toHaveLength(asked);
  counts.refused += 1;
  return answer;
}

function firstKey() {
  const [key] = issuer.keys;
  if (key === undefined) throw new Error("the issuer has no key");
  return key;
}

function unsigned(alg: string, user: User): string {
  const header = JSON.stringify(honestHeader(firstKey(), { alg }));
  return compact(header, JSON.stringify({ ...honestClaims(issuer, Date.now()), ...user }), new Uint8Array(1));
}

/** What a verifier that takes its algorithm from the token would believe. */
async function symmetric(user: User): Promise<string> {
  const header = JSON.stringify(honestHeader(firstKey(), { alg: "HS256" }));
  const payload = JSON.stringify({ ...honestClaims(issuer, Date.now()), ...user });
  const secret = new TextEncoder().encode(JSON.stringify(firstKey().jwk));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  const input = compact(header, payload, new Uint8Array(1)).split(".").slice(0, 2).join(".");
  return compact(
    header,
    payload,
    new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(input))),
  );
}

/** Signed by a key that the gateway publishes, and about this very user. */
async function gatewaysWord(user: User): Promise<string> {
  await gateway.start(
    {},
    { claims: { ...user, rate_limit: { exempt: true } }, circumstances: { rateLimit: "off" } },
  );
  return gateway.upstream.asked.at(-1)?.headers.get("authorization")?.replace("Bearer ", "") ?? "";
}

async function callbackProof({ sub }: User): Promise<string> {
  const { keys }: { keys: Jwk[] } = JSON.parse(String(Reflect.get(gateway.env, "SIGNING_KEYS")));
  const about = {
    webhookId: "run_1",
    runId: sub,
    issuer: issuer.issuer,
    audience: "edge-actions",
    user: { issuer: issuer.issuer, subject: sub },
    nowMs: Date.now(),
  };
  return (await signCallback({ ...about, body: new Uint8Array() }, keys))["callback-signature"] ?? "";
}

async function withOwnKey(user: User): Promise<string> {
  const own = await makeKey("ES256");
  const header = { alg: "ES256", kid: own.jwk.kid, jwk: own.jwk };
  return signParts(
    JSON.stringify(header),
    JSON.stringify({ ...honestClaims(issuer, Date.now()), ...user }),
    own,
  );
}

async function signedWith(user: User, edit: (signature: Uint8Array) => Uint8Array): Promise<string> {
  const { header, payload, signature } = splitToken(await issuer.token(user));
  return compact(decode(header), decode(payload), edit(signature));
}

function withUser(user: User, token: string): string {
  const { header, payload, signature } = splitToken(token);
  return compact(decode(header), JSON.stringify({ ...JSON.parse(decode(payload)), ...user }), signature);
}

function flipLastBit(signature: Uint8Array): Uint8Array {
  return signature.map((byte, index) => (index === signature.length - 1 ? byte ^ 1 : byte));
}

function decode(part: string): string {
  return atob(part.replaceAll("-", "+").replaceAll("_", "/"));
}
