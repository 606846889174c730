// Who is an operator, by Cloudflare Access or by a token with the operators' scope.
import { describe, expect, it } from "vitest";
import { IssuerKeys } from "../../src/auth/key-cache.ts";
import { authenticateOperator, type OperatorVerdict, verifyHolder } from "../../src/auth/operator.ts";
import { accessIssuer } from "../../src/platform/settings-keys.ts";
import { configured, makeIo } from "../support/auth-io.ts";
import { KeyServer } from "../support/key-server.ts";
import { makeIssuer, makeKey } from "../support/tokens.ts";

const NOW_MS = Date.UTC(2026, 10, 20, 12);
const TEAM = "operator-test.cloudflareaccess.com";

const login = await makeIssuer("https://login.example");
const other = await makeIssuer("https://other.example");
const access = await makeIssuer(`https://${TEAM}`, { alg: "RS256", audience: "app-1" });
const one = await configured(login);
const both = await configured(login, other);

type Given = {
  headers?: Record<string, string>;
  session?: string | null;
  settings?: Partial<Parameters<typeof authenticateOperator>[2]["settings"]>;
  server?: KeyServer;
};

const certs = () => new KeyServer(() => Response.json(access.jwks));

function judge({ headers = {}, session = null, settings = {}, server = certs() }: Given) {
  const io = makeIo({ nowMs: NOW_MS, sender: server });
  const deps = {
    ...io,
    issuerKeys: new IssuerKeys(),
    settings: { issuers: one, access: null, operatorScope: "operator", ...settings },
  };
  return authenticateOperator(new Headers(headers), session, deps);
}

/** What it comes to in a word: the operator's name and proof, or status and reason. */
function wordOf(verdict: OperatorVerdict): string {
  return verdict.kind === "operator"
    ? `${verdict.operator.name} via ${verdict.operator.via} by ${verdict.by}`
    : `${verdict.problem.code} ${verdict.reason}`;
}

async function wordFor(given: Given): Promise<string> {
  return wordOf(await judge(given));
}

function token(claims: Record<string, unknown> = {}, issuer = login): Promise<string> {
  return issuer.token({ sub: "olga", scope: "external operator", ...claims }, { nowMs: NOW_MS });
}

const ACCESS = { settings: { access: accessIssuer(TEAM, "app-1"), operatorScope: null } };

function assertion(claims: Record<string, unknown> = {}): Promise<string> {
  const honest = { sub: "7335d417-61da-459d-899c-0a01c76a2f94", email: "olga@example.com", scope: undefined };
  return access.token({ ...honest, ...claims }, { nowMs: NOW_MS });
}

describe("a token with the operators' scope", () => {
  it("opens the console in the header and in the session", async () => {
    const good = await token();
    expect(await wordFor({ headers: { authorization: `Bearer ${good}` } })).toBe(
      "olga via token by authorization",
    );
    expect(await wordFor({ session: good })).toBe("olga via token by session");
  });

  it("names its issuer where there are several", async () => {
    const settings = { issuers: both };
    expect(await wordFor({ session: await token(), settings })).toBe(
      "olga (https://login.example) via token by session",
    );
    expect(await wordFor({ session: await token({}, other), settings })).toBe(
      "olga (https://other.example) via token by session",
    );
  });

  it.each<[string, unknown, string]>([
    ["in a list", ["external", "operator"], "olga via token by session"],
    ["alone", "operator", "olga via token by session"],
    ["missing", undefined, "permission_denied scope.missing"],
    ["a caller's", "external", "permission_denied scope.missing"],
    ["longer", "operators", "permission_denied scope.missing"],
    ["in capitals", "OPERATOR", "permission_denied scope.missing"],
    ["after a comma", "external,operator", "permission_denied scope.missing"],
    ["no string", { operator: true }, "permission_denied scope.missing"],
  ])("is needed: %s", async (_name, scope, word) => {
    expect(await wordFor({ session: await token({ scope }) })).toBe(word);
  });

  it("is another one where the settings say so", async () => {
    const settings = { operatorScope: "ops" };
    expect(await wordFor({ session: await token(), settings })).toBe("permission_denied scope.missing");
    expect(await wordFor({ session: await token({ scope: "ops" }), settings })).toBe(
      "olga via token by session",
    );
  });

  it("opens nothing where no scope does", async () => {
    const settings = { operatorScope: null };
    expect(await wordFor({ session: await token(), settings })).toBe("permission_denied operator.off");
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["expired", { exp: NOW_MS / 1000 - 31 }, "unauthenticated token.expired"],
    ["for somebody else", { aud: "another" }, "unauthenticated token.wrong_audience"],
    ["of nobody", { sub: "" }, "unauthenticated token.bad_subject"],
  ])("%s is refused", async (_name, claims, word) => {
    expect(await wordFor({ session: await token(claims) })).toBe(word);
    expect(await wordFor({ session: await token() })).toBe("olga via token by session");
  });

  it("of an issuer that is not configured, or signed by another key, is refused", async () => {
    const forged = await login.token(
      { sub: "olga", scope: "operator" },
      { nowMs: NOW_MS, key: await makeKey("ES256", { kid: login.keys[0]?.jwk.kid ?? "" }) },
    );
    expect(await wordFor({ session: await token({}, other) })).toBe("unauthenticated token.unknown_issuer");
    expect(await wordFor({ session: forged })).toBe("unauthenticated token.bad_signature");
  });

  it("says until when a session with it may last", async () => {
    const deps = { ...makeIo({ nowMs: NOW_MS }), issuerKeys: new IssuerKeys() };
    const settings = { issuers: one, access: null, operatorScope: "operator" };
    expect(await verifyHolder(await token(), { ...deps, settings })).toMatchObject({
      kind: "operator",
      expiresAtMs: NOW_MS + 300_000,
    });
  });
});

describe("Cloudflare Access", () => {
  it("names a person by e-mail, and a service token by its own name", async () => {
    const person = { "cf-access-jwt-assertion": await assertion() };
    expect(await wordFor({ headers: person, ...ACCESS })).toBe("olga@example.com via access by access");
    const service = {
      "cf-access-jwt-assertion": await assertion({ email: undefined, sub: "", common_name: "ci.access" }),
    };
    expect(await wordFor({ headers: service, ...ACCESS })).toBe("ci.access via access by access");
  });

  it("names nobody by an empty name", async () => {
    const nameless = { "cf-access-jwt-assertion": await assertion({ email: "", sub: "", common_name: "" }) };
    expect(await wordFor({ headers: nameless, ...ACCESS })).toBe("unauthenticated token.bad_subject");
  });

  it("asks the team's own certificates, and nobody else", async () => {
    const domain = "asked.cloudflareaccess.com";
    const asked = await makeIssuer(`https://${domain}`, { alg: "RS256", audience: "app-1" });
    const server = new KeyServer(() => Response.json(asked.jwks));
    const given = await asked.token({ email: "olga@example.com" }, { nowMs: NOW_MS });
    const settings = { access: accessIssuer(domain, "app-1"), operatorScope: null };
    const headers = { "cf-access-jwt-assertion": given };
    expect(await wordFor({ headers, settings, server })).toBe("olga@example.com via access by access");
    expect(server.requests.map(({ url }) => url)).toEqual([`https://${domain}/cdn-cgi/access/certs`]);
  });

  it.each<[string, () => Promise<string>, string]>([
    ["of another application", () => assertion({ aud: "app-2" }), "unauthenticated token.wrong_audience"],
    ["that has expired", () => assertion({ exp: NOW_MS / 1000 - 31 }), "unauthenticated token.expired"],
    [
      "of another team",
      async () =>
        (await makeIssuer("https://evil.cloudflareaccess.com", { alg: "RS256" })).token(
          {},
          { nowMs: NOW_MS },
        ),
      "unauthenticated token.unknown_issuer",
    ],
    ["that is a caller's token", () => token(), "unauthenticated token.unknown_issuer"],
    ["that is no token", async () => "olga@example.com", "unauthenticated token.not_compact"],
  ])("an assertion %s is refused", async (_name, forge, word) => {
    const good = { "cf-access-jwt-assertion": await assertion() };
    expect(await wordFor({ headers: good, ...ACCESS })).toBe("olga@example.com via access by access");
    expect(await wordFor({ headers: { "cf-access-jwt-assertion": await forge() }, ...ACCESS })).toBe(word);
  });

  it("its assertion opens nothing as a bearer token or a session, and none where Access is not set up", async () => {
    const good = await assertion();
    const mixed = { settings: { ...ACCESS.settings, operatorScope: "operator" } };
    expect(await wordFor({ headers: { authorization: `Bearer ${good}` }, ...mixed })).toBe(
      "unauthenticated token.unknown_issuer",
    );
    expect(await wordFor({ session: good, ...mixed })).toBe("unauthenticated token.unknown_issuer");
    expect(await wordFor({ headers: { "cf-access-jwt-assertion": good } })).toBe(
      "unauthenticated operator.missing",
    );
  });

  it("that cannot be verified at the moment is no refusal for good", async () => {
    const settings = { access: accessIssuer("away.cloudflareaccess.com", "app-1"), operatorScope: null };
    const away = await makeIssuer("https://away.cloudflareaccess.com", { alg: "RS256", audience: "app-1" });
    const verdict = await judge({
      headers: { "cf-access-jwt-assertion": await away.token({ email: "o@example.com" }, { nowMs: NOW_MS }) },
      settings,
      server: new KeyServer(() => new Response(null, { status: 500 })),
    });
    expect(wordOf(verdict)).toMatch(/^service_unavaiable keys\./);
    expect(verdict.kind === "refused" && verdict.problem.retryAfterSeconds).toBe(30);
  });
});

describe("a request is judged by one proof alone", () => {
  const mixed = { settings: { ...ACCESS.settings, operatorScope: "operator" } };

  it("a bad Authorization header is not made up for", async () => {
    const assertionHeader = { "cf-access-jwt-assertion": await assertion() };
    for (const authorization of [
      "Bearer nonsense",
      "Basic b2xnYQ==",
      "Bearer",
      `Bearer ${await token({ scope: "x" })}`,
    ]) {
      const given = { headers: { ...assertionHeader, authorization }, session: await token(), ...mixed };
      expect(await wordFor(given)).toMatch(/^(unauthenticated|permission_denied) /);
    }
  });

  it("nor a bad assertion by a session", async () => {
    const given = { headers: { "cf-access-jwt-assertion": "x" }, session: await token(), ...mixed };
    expect(await wordFor(given)).toBe("unauthenticated token.not_compact");
    expect(await wordFor({ session: await token(), ...mixed })).toBe("olga via token by session");
  });
});

describe("where nothing is set up", () => {
  it("nobody is an operator, whatever is sent", async () => {
    const settings = { operatorScope: null };
    expect(await wordFor({ headers: { authorization: `Bearer ${await token()}` }, settings })).toBe(
      "permission_denied operator.off",
    );
    expect(await wordFor({ settings })).toBe("permission_denied operator.off");
  });
});
