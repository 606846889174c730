// docs/security.md, Tokens, at the gateway's surface: whatever is wrong, the answer's body is the same bland one, it touches
// no user's quota, and the upstream hears nothing. Which tokens are wrong is told exhaustively in test/auth/.
import { afterEach, describe, expect, it, vi } from "vitest";
import { signCallback } from "../../src/callbacks/signature.ts";
import type { Jwk } from "../../src/platform/settings.ts";
import { type Answer, type Call, makeGateway } from "../support/gateway.ts";
import { answerKeysWith } from "../support/issuer-network.ts";
import { makeKey } from "../support/tokens.ts";
import { itAddsUp, newUser, remainingAfterStart } from "./bench.ts";
import { WAYS } from "./ways.ts";

const INVALID = 'Bearer error="invalid_token"';
const SEVERAL = withDescription("One token is expected.");
const MALFORMED = "The token is malformed.";
const STRANGE = "The token's issuer is not accepted here.";
const ELSEWHERE = "The token is for another audience.";

const counts = { refused: 0, served: 0 };
const gateway = await makeGateway();
const { issuer } = gateway;

afterEach(() => {
  vi.restoreAllMocks();
});

type User = { sub: string };

const now = () => Math.floor(Date.now() / 1000);

describe("a token that is no good", () => {
  it.each<[string, (user: User) => Promise<string>, description?: string]>([
    ["two parts", async (user) => (await issuer.token(user)).split(".").slice(0, 2).join("."), MALFORMED],
    ["over 16 KB", (user) => issuer.token({ ...user, padding: "x".repeat(16_384) }), MALFORMED],
    ["an algorithm that is not the issuer's", (user) => issuer.token(user, { header: { alg: "ES384" } })],
    ["an unknown kid", (user) => issuer.token(user, { header: { kid: "spoofed" } })],
    ["a key in its own header", withOwnKey],
    ["a signature of zeros", async (user) => (await issuer.token(user)).replace(/[^.]+$/, "A".repeat(86))],
    [
      "exp past the tolerance",
      (user) => issuer.token({ ...user, exp: now() - 31 }),
      "The token has expired.",
    ],
    ["exp past, and a signature of zeros", forgedAndExpired],
    ["an unknown issuer", (user) => issuer.token({ ...user, iss: "https://login.example/" }), STRANGE],
    ["another audience", (user) => issuer.token({ ...user, aud: "edge-actions-2" }), ELSEWHERE],
    ["no subject", () => issuer.token({ sub: undefined }), "The token names no subject."],
    ["the gateway's own word to its upstream", gatewaysWord, STRANGE],
    ["the proof of a callback", callbackProof],
  ])("%s: 401, nothing in the body, nothing counted", async (_name, crooked, description) => {
    const user = newUser();
    const token = await crooked(user);
    const credentials = ["Bearer", "JWT"].map((scheme) => ({ authorization: `${scheme} ${token}` }));
    await expectUnauthenticated(user, credentials, withDescription(description));
  });
});

describe("a request without one good token", () => {
  it.each<[string, (token: string) => Record<string, string>, string]>([
    ["no header", () => ({}), "Bearer"],
    ["a scheme alone", () => ({ authorization: "Bearer" }), "Bearer"],
    ["Basic", () => ({ authorization: `Basic ${btoa("user:password")}` }), "Bearer"],
    ["two headers", (token) => ({ authorization: `Bearer ${token}, Bearer ${token}` }), SEVERAL],
    ["a cookie", (token) => ({ cookie: `token=${token}` }), "Bearer"],
    ["another header", (token) => ({ "proxy-authorization": `Bearer ${token}` }), "Bearer"],
  ])("%s: 401", async (_name, headersFor, challenge) => {
    const user = newUser();
    await expectUnauthenticated(user, [headersFor(await issuer.token(user))], challenge);
  });

  it("a token in the query: 401", async () => {
    const user = newUser();
    await expectUnauthenticated(user, [{}], "Bearer", `?access_token=${await issuer.token(user)}`);
  });
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
    [{ rate_limit: { limit_override: 1001 } }, RATE_LIMIT, { rate_limit: { limit_override: 200 } }],
    [{ billing: { is_billable: false } }, BILLING, { billing: '{"is_billable":false}' }],
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

itAddsUp(counts, { refused: 120, served: 26 });

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

/** Without one where the reason is about keys and signatures. */
function withDescription(description?: string): string {
  return description === undefined ? INVALID : `${INVALID}, error_description="${description}"`;
}

async function forgedAndExpired(user: User): Promise<string> {
  return (await issuer.token({ ...user, exp: now() - 31 })).replace(/[^.]+$/, "A".repeat(86));
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
    userKey: "user",
    user: { issuer: issuer.issuer, subject: sub },
    nowMs: Date.now(),
  };
  return (await signCallback({ ...about, body: new Uint8Array() }, keys))["callback-signature"] ?? "";
}

async function withOwnKey(user: User): Promise<string> {
  const key = await makeKey("ES256");
  return issuer.token(user, { key, header: { jwk: key.jwk } });
}
