// Who is an operator, by Cloudflare Access or by a token with the operators' scope.
import { describe, expect, it } from "vitest";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { authenticateOperator, type OperatorVerdict, verifyHolder } from "../../src/auth/operator.ts";
import { accessIssuer } from "../../src/platform/settings-keys.ts";
import { configured, makeIo } from "../support/auth-io.ts";
import { KeyServer } from "../support/key-server.ts";
import { makeIssuer, type TokenOptions } from "../support/tokens.ts";
import { attackerKey, issuers, login, NOW_MS, other } from "./bench.ts";

const TEAM = "operator-test.cloudflareaccess.com";
const access = await makeIssuer(`https://${TEAM}`, { alg: "RS256", audience: "app-1" });
const evil = "https://evil.cloudflareaccess.com";
const stranger = await makeIssuer(evil, { alg: "RS256", audience: "app-1" });

const callersOnly = await makeIssuer("https://callers.example", { operators: false });

const TOKENS = { issuers: await configured(login), access: null, operatorScope: "operator" };
const ACCESS = { ...TOKENS, access: accessIssuer(TEAM, "app-1"), operatorScope: null };
const BOTH = { ...ACCESS, operatorScope: "operator" };

type Given = {
  authorization?: string;
  assertion?: string;
  session?: string;
  settings?: Parameters<typeof authenticateOperator>[2]["settings"];
};

const certs = new KeyServer(() => Response.json(access.jwks));

function judge({ authorization, assertion, session, settings = TOKENS }: Given, network = certs) {
  const headers = new Headers();
  if (authorization !== undefined) headers.set("authorization", authorization);
  if (assertion !== undefined) headers.set("cf-access-jwt-assertion", assertion);
  const deps = { ...makeIo({ nowMs: NOW_MS, network }), issuerKeys: new IssuerKeys(), settings };
  return authenticateOperator(headers, session ?? null, deps);
}

/** What it comes to in a word: the operator's name and proof, or status and reason. */
function toWord(verdict: OperatorVerdict): string {
  return verdict.kind === "operator"
    ? `${verdict.operator.name} via ${verdict.operator.via}`
    : `${verdict.problem.code} ${verdict.reason}`;
}

type Case = [what: string, given: Given, word: string];

function comesTo(heading: string, cases: Case[]): void {
  describe(heading, () => {
    it.each(cases)("%s", async (_, given, word) => {
      expect(toWord(await judge(given))).toBe(word);
    });
  });
}

function token(claims: object = {}, issuer = login, options: TokenOptions = {}): Promise<string> {
  const honest = { sub: "olga", scope: "external operator" };
  return issuer.token({ ...honest, ...claims }, { nowMs: NOW_MS, ...options });
}

function makeAssertion(claims: object = {}, issuer = access): Promise<string> {
  return token({ sub: "7335d417", email: "olga@example.com", scope: undefined, ...claims }, issuer);
}

const good = await token();
const asserted = await makeAssertion();
const PAST = NOW_MS / 1000 - 31;

const OLGA = "olga via session";
const BY_ISSUER = (issuer: string) => `olga (${issuer}) via session`;
const OLGA_BY_ACCESS = "olga@example.com via access";
const MISSING = "permission_denied scope.missing";
const OFF = "permission_denied operator.off";
const UNKNOWN = "unauthenticated token.unknown_issuer";
const EXPIRED = "unauthenticated token.expired";
const ELSEWHERE = "unauthenticated token.wrong_audience";
const NAMELESS = "unauthenticated token.bad_subject";
const NO_TOKEN = "unauthenticated token.not_compact";

const others = await token({}, other);
const several = { ...TOKENS, issuers };
const ops = { ...TOKENS, operatorScope: "ops" };
comesTo("a token with the operators' scope", [
  ["in the header", { authorization: `Bearer ${good}` }, "olga via authorization"],
  ["in the session", { session: good }, OLGA],
  ["with a fraction in its time", { session: await token({ iat: NOW_MS / 1000 - 0.5 }) }, OLGA],
  ["of several issuers", { session: good, settings: several }, BY_ISSUER("https://login.example")],
  ["of the other", { session: others, settings: several }, BY_ISSUER("https://other.example")],
  ["in a list", { session: await token({ scope: ["external", "operator"] }) }, OLGA],
  ["alone", { session: await token({ scope: "operator" }) }, OLGA],
  ["no scope", { session: await token({ scope: undefined }) }, MISSING],
  ["a caller's scope", { session: await token({ scope: "external" }) }, MISSING],
  ["a longer scope", { session: await token({ scope: "operators" }) }, MISSING],
  ["a scope in capitals", { session: await token({ scope: "OPERATOR" }) }, MISSING],
  ["a scope after a comma", { session: await token({ scope: "external,operator" }) }, MISSING],
  ["a scope that is no string", { session: await token({ scope: { operator: true } }) }, MISSING],
  ["a scope that the settings do not name", { session: good, settings: ops }, MISSING],
  ["a scope that they name", { session: await token({ scope: "ops" }), settings: ops }, OLGA],
  [
    "of an issuer that has no operators",
    {
      session: await token({}, callersOnly),
      settings: { ...TOKENS, issuers: await configured(login, callersOnly) },
    },
    "permission_denied operator.issuer",
  ],
  ["where no scope opens the console", { session: good, settings: ACCESS }, OFF],
  ["expired", { session: await token({ exp: PAST }) }, EXPIRED],
  ["for another audience", { session: await token({ aud: "another" }) }, ELSEWHERE],
  ["without a name", { session: await token({ sub: "" }) }, NAMELESS],
  ["of an issuer that is not configured", { session: others }, UNKNOWN],
  [
    "signed by another key",
    { session: await token({}, login, { key: attackerKey }) },
    "unauthenticated token.bad_signature",
  ],
]);

const service = { email: undefined, sub: "", common_name: "ci.access" };
const nameless = { email: "", sub: "", common_name: "" };
const byAccess = async (claims: object, issuer = access) => ({
  assertion: await makeAssertion(claims, issuer),
  settings: ACCESS,
});
comesTo("an assertion of Cloudflare Access", [
  ["names a person by e-mail", { assertion: asserted, settings: ACCESS }, OLGA_BY_ACCESS],
  ["names a service token by its own name", await byAccess(service), "ci.access via access"],
  ["takes no empty name for an operator's", await byAccess(nameless), NAMELESS],
  ["of another application", await byAccess({ aud: "app-2" }), ELSEWHERE],
  ["that has expired", await byAccess({ exp: PAST }), EXPIRED],
  ["of another team", await byAccess({}, stranger), UNKNOWN],
  ["that is a caller's token", { assertion: good, settings: ACCESS }, UNKNOWN],
  ["that is no token", { assertion: "olga@example.com", settings: ACCESS }, NO_TOKEN],
  ["as a bearer token", { authorization: `Bearer ${asserted}`, settings: BOTH }, UNKNOWN],
  ["as a session", { session: asserted, settings: BOTH }, UNKNOWN],
  ["where Access is not set up", { assertion: asserted }, "unauthenticated operator.missing"],
]);

const both = { assertion: asserted, session: good, settings: BOTH };
comesTo("a request is judged by one proof alone", [
  ["a bad token is not made up for", { ...both, authorization: "Bearer x" }, NO_TOKEN],
  ["nor Basic", { ...both, authorization: "Basic b2xnYQ==" }, "unauthenticated bearer.wrong_scheme"],
  ["nor a scheme alone", { ...both, authorization: "Bearer" }, "unauthenticated bearer.empty"],
  ["nor another scope", { ...both, authorization: `Bearer ${await token({ scope: "x" })}` }, MISSING],
  ["nor a bad assertion by a session", { ...both, assertion: "x" }, NO_TOKEN],
  ["an assertion comes before a session", both, OLGA_BY_ACCESS],
  ["a session alone is enough", { session: good, settings: BOTH }, OLGA],
]);

const off = { ...TOKENS, operatorScope: null };
comesTo("where nothing is set up, there are no operators", [
  ["with a token", { authorization: `Bearer ${good}`, settings: off }, OFF],
  ["with a session", { session: good, settings: off }, OFF],
  ["with an assertion", { assertion: asserted, settings: off }, OFF],
  ["with nothing", { settings: off }, OFF],
]);

describe("what is known of an operator", () => {
  it("is until when a session with a token may last", async () => {
    const deps = { ...makeIo({ nowMs: NOW_MS }), issuerKeys: new IssuerKeys(), settings: TOKENS };
    expect(await verifyHolder(good, "session", deps)).toMatchObject({
      kind: "operator",
      expiresAtMs: NOW_MS + 300_000,
    });
  });

  it.each([
    ["by the team's own certificates", () => Response.json(stranger.jwks), OLGA_BY_ACCESS, undefined],
    ["not at the moment", () => new Response(null, { status: 500 }), "service_unavaiable keys.status", 30],
  ])("comes from Access %s, and no other key set is asked", async (_, answer, word, retryAfterSeconds) => {
    const domain = `${crypto.randomUUID()}.cloudflareaccess.com`;
    const given = await makeAssertion({ iss: `https://${domain}` }, stranger);
    const server = new KeyServer(answer);
    const settings = { ...ACCESS, access: accessIssuer(domain, "app-1") };
    const verdict = await judge({ assertion: given, settings }, server);
    expect(toWord(verdict)).toBe(word);
    expect(verdict.kind === "refused" ? verdict.problem.retryAfterSeconds : undefined).toBe(
      retryAfterSeconds,
    );
    expect(server.requests.map(({ url }) => url)).toEqual([`https://${domain}/cdn-cgi/access/certs`]);
  });
});
