// SECURITY-CASES, The console: nobody but an operator reaches anything, no other site can make an operator's browser do
// anything, and what is stored is data and nothing else.
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { AttemptFailure } from "../../src/callbacks/attempt.ts";
import { countAttempt, emptySums, encodeSums } from "../../src/observability/sums.ts";
import { metricsAggregator } from "../../src/operators/metrics-aggregator.ts";
import { indexLetters, keepRun, letterOf } from "../console/bench.ts";
import { attemptOf } from "../observability/counted.ts";
import { counting } from "../support/bindings.ts";
import { type Call, type Gateway, makeGateway, ORIGIN } from "../support/gateway.ts";
import { freshIndex, NOON_MS } from "../support/operators-index.ts";
import { TestQueue } from "../support/queue.ts";
import { makeIssuer, type TestIssuer } from "../support/tokens.ts";
import { words } from "../support/words.ts";
import { itAddsUp } from "./bench.ts";

const RUN = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const USER = "u".repeat(43);
const ATTACKER = "v".repeat(43);
const TEAM = "console-security.cloudflareaccess.com";
const OLGA = { sub: "olga", scope: "operator" };
const OWN = { origin: ORIGIN, "sec-fetch-site": "same-origin" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "content-type": "application/json" };

type Door = { method: "GET" | "POST"; path: string; headers?: Record<string, string>; body?: string };

const API_READS: Door[] = words`
  /overview /runs /runs/${RUN} /users?issuer=i&subject=s /users/${USER} /dead-letters /destinations /audit
  /redeliveries/${RUN}`.map((path) => ({ method: "GET", path: `/console/api${path}` }));

const API_ACTS: Door[] = [
  ...["poll", "redeliver", "abandon"].map(
    (what): Door => ({ method: "POST", path: `/console/api/runs/${RUN}/${what}` }),
  ),
  { method: "POST", path: `/console/api/users/${USER}/reset-window` },
  { method: "POST", path: `/console/api/users/${USER}/open-runs/${RUN}/poll?run_id=${RUN}` },
  {
    method: "POST",
    path: "/console/api/dead-letters/redeliver",
    headers: JSON_TYPE,
    body: '{"host":"client.example"}',
  },
];

const PAGES: Door[] = [
  "",
  "/runs",
  `/runs/${RUN}`,
  "/users",
  `/users/${USER}`,
  "/dead-letters",
  `/redeliveries/${RUN}`,
  "/destinations",
  "/audit",
].map((path) => ({ method: "GET", path: `/console${path}` }));

const PAGE_ACTS: Door[] = [
  ...["poll", "redeliver", "abandon"].map(
    (what): Door => ({ method: "POST", path: `/console/runs/${RUN}/${what}` }),
  ),
  { method: "POST", path: `/console/users/${USER}/reset-window` },
  {
    method: "POST",
    path: `/console/users/${USER}/open-runs/${RUN}/poll`,
    headers: FORM,
    body: `run_id=${RUN}`,
  },
  {
    method: "POST",
    path: "/console/dead-letters/redeliver",
    headers: FORM,
    body: "what=range&host=client.example",
  },
];

const DOORS = [...API_READS, ...API_ACTS, ...PAGES, ...PAGE_ACTS];
const ACTS = [...API_ACTS, ...PAGE_ACTS];

const tally = { refused: 0, served: 0 };
const login = await makeIssuer("https://login.example");
const stranger = await makeIssuer("https://stranger.example");
const access = await makeIssuer(`https://${TEAM}`, { alg: "RS256", audience: "the-console" });

const calls: string[] = [];
let queue: TestQueue;
/** Tokens open the console here. */
let gateway: Gateway;
/** Here Cloudflare Access does, too. */
let behindAccess: Gateway;

beforeAll(async () => {
  gateway = await makeGateway({}, counting(calls), { issuer: login });
  const vars = { ACCESS_TEAM_DOMAIN: TEAM, ACCESS_AUD: "the-console", OPERATOR_SCOPE: "operator" };
  behindAccess = await makeGateway(vars, counting(calls), { issuer: login });
});

beforeEach(async () => {
  const index = await freshIndex();
  await keepRun({ terms: { userKey: USER }, runId: RUN, fate: "dead" });
  await indexLetters(index, [letterOf({ runId: RUN, userKey: USER })]);
  queue = new TestQueue();
  queue.install();
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(access.jwks));
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Seen = { status: number; location: string | null; headers: Headers; text: string };

/** API answers are held against the contract; pages are pages. */
async function knock(
  at: Gateway,
  { method, path, headers = {}, body }: Door,
  call: Call = {},
): Promise<Seen> {
  const whole: Call = {
    method,
    claims: null,
    ...call,
    headers: { ...headers, ...call.headers },
    ...(body !== undefined && { body }),
  };
  if (path.startsWith("/console/api/")) {
    const { status, headers: answered, text } = await at.call(path, whole);
    return { status, location: answered.get("location"), headers: answered, text };
  }
  const sent = at.begin(path, whole);
  const response = await sent.response;
  const text = await response.text();
  await sent.rest();
  return {
    status: response.status,
    location: response.headers.get("location"),
    headers: response.headers,
    text,
  };
}

/** Neither the operators' index nor a gate, a breaker or the queue heard of it. */
async function expectUntouched(knocking: () => Promise<Seen>): Promise<Seen> {
  calls.length = 0;
  const offered = queue.offered.length;
  const seen = await knocking();
  expect(calls.filter((name) => !name.startsWith("KV."))).toEqual([]);
  expect(queue.offered).toHaveLength(offered);
  return seen;
}

/** 401 or 403 in the API; on a page the way to sign in, or a page that shows nothing. */
function expectRefused({ status, location, text }: Seen, path: string): void {
  if (path.startsWith("/console/api/")) expect([401, 403]).toContain(status);
  else if (status !== 403) expect([status, location]).toEqual([303, "/console/sign-in"]);
  expect(text).not.toContain(RUN);
  expect(text).not.toContain("client.example");
  tally.refused += 1;
}

/** Whatever the door has to say, it is open: no way to sign in, no 401, no 403. */
function expectServed({ status, location }: Seen): void {
  expect([200, 202, 303, 404, 409]).toContain(status);
  expect(location ?? "").not.toContain("sign-in");
  tally.served += 1;
}

function cookie(token: string, name = "edge_console"): Call {
  return { headers: { cookie: `${name}=${token}` } };
}

/** A session or an assertion with what the console's own pages send along. */
function own(call: Call): Call {
  return { ...call, headers: { ...OWN, ...call.headers } };
}

async function assertion(claims: Record<string, unknown> = {}, of: TestIssuer = access): Promise<Call> {
  const token = await of.token({ sub: "1", email: "olga@example.com", ...claims });
  return { headers: { "cf-access-jwt-assertion": token } };
}

const PAST = Math.floor(Date.now() / 1000) - 60;

type Impostor = [name: string, at: () => Gateway, call: () => Promise<Call>];

const IMPOSTORS: Impostor[] = [
  ["nobody", () => gateway, async () => ({})],
  ["a caller", () => gateway, async () => ({ claims: { sub: "alice", scope: "external" } })],
  ["a caller in a session", () => gateway, async () => cookie(await login.token({ scope: "external" }))],
  [
    "a scope that only looks like it",
    () => gateway,
    async () => ({ claims: { ...OLGA, scope: "operators" } }),
  ],
  [
    "a scope under another name",
    () => gateway,
    async () => ({ claims: { sub: "olga", scopes: "operator" } }),
  ],
  ["an expired token", () => gateway, async () => ({ claims: { ...OLGA, exp: PAST } })],
  ["an expired session", () => gateway, async () => cookie(await login.token({ ...OLGA, exp: PAST }))],
  ["a token for another audience", () => gateway, async () => ({ claims: { ...OLGA, aud: "another" } })],
  ["another issuer", () => gateway, async () => ({ claims: OLGA, issuer: stranger })],
  ["another issuer in a session", () => gateway, async () => cookie(await stranger.token(OLGA))],
  ["a session that is no token", () => gateway, async () => cookie("olga")],
  ["a session under another name", () => gateway, async () => cookie(await login.token(OLGA), "session")],
  [
    "a session of a gateway on https",
    () => gateway,
    async () => cookie(await login.token(OLGA), "__Secure-edge_console"),
  ],
  ["an assertion where Access is not set up", () => gateway, () => assertion()],
  ["an assertion for another application", () => behindAccess, () => assertion({ aud: "another" })],
  ["an assertion that has expired", () => behindAccess, () => assertion({ exp: PAST })],
  ["an assertion of another issuer", () => behindAccess, () => assertion(OLGA, login)],
  ["an assertion as a token", () => behindAccess, async () => ({ claims: OLGA, issuer: access })],
  ["an assertion as a session", () => behindAccess, async () => cookie(await access.token(OLGA))],
  [
    "the name that Access gives beside its assertion",
    () => behindAccess,
    async () => ({ headers: { "cf-access-authenticated-user-email": "olga@example.com" } }),
  ],
  [
    "Basic beside an assertion",
    () => behindAccess,
    async () => ({ headers: { ...(await assertion()).headers, authorization: "Basic b2xnYTpvbGdh" } }),
  ],
];

describe("behind every door stands nobody but an operator", () => {
  it.each(DOORS)("$method $path", async (door) => {
    for (const [, at, call] of IMPOSTORS) {
      const given = own(await call());
      expectRefused(await expectUntouched(() => knock(at(), door, given)), door.path);
    }
    expectServed(await knock(gateway, door, { claims: OLGA }));
    expectServed(await knock(gateway, door, own(cookie(await login.token(OLGA)))));
    expectServed(await knock(behindAccess, door, own(await assertion())));
  });

  it.each([
    ["/console/api/nowhere", 401],
    ["/console/api/runs/", 401],
    ["/console/api//runs", 401],
    ["/console/nowhere", 303],
    ["/console/apis/runs", 303],
    ["/console/API/runs", 303],
    ["/console/sign-in/../runs", 303],
    ["/console/assets/../runs", 303],
    ["/console/assets/..%2fruns", 303],
    ["/console/sign-in/runs", 303],
    ["/console/runs;/sign-in", 303],
    ["//console/runs", 404],
    ["/Console/runs", 404],
  ])("%s is no way around: %i", async (path, status) => {
    const seen = await expectUntouched(async () => {
      const sent = gateway.begin(path, { claims: null, raw: true });
      const response = await sent.response;
      const text = await response.text();
      await sent.rest();
      return { status: response.status, location: null, headers: response.headers, text };
    });
    expect([seen.status, seen.text.includes(RUN)]).toEqual([status, false]);
    tally.refused += 1;
  });

  it("where no way to sign in is set up: not even for who was an operator before", async () => {
    const vars = { PUBLIC_URL: "https://edge.example" };
    const off = await makeGateway(vars, counting(calls), { issuer: login });
    const on = await makeGateway({ ...vars, OPERATOR_SCOPE: "operator" }, counting(calls), { issuer: login });
    for (const door of DOORS) {
      const seen = await expectUntouched(() => knock(off, door, { claims: OLGA }));
      expect(seen.status).toBe(403);
      tally.refused += 1;
      expectServed(await knock(on, door, { claims: OLGA }));
    }
  });
});

/** Whatever a browser may send along with what another site makes it send. */
const FOREIGN: [name: string, headers: Record<string, string>][] = [
  ["that does not say where it comes from", {}],
  ["of nowhere", { origin: "null" }],
  ["of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["of another site that leaves it at that", { origin: "https://evil.example" }],
  ["of another port", { origin: "http://127.0.0.1:8788", "sec-fetch-site": "same-site" }],
  ["of another scheme", { origin: "https://127.0.0.1:8787" }],
  ["of a longer name", { origin: `${ORIGIN}.evil.example` }],
  ["of a name before it", { origin: "http://evil.127.0.0.1:8787" }],
  ["of a path of it", { origin: `${ORIGIN}/console` }],
  ["of two origins", { origin: `${ORIGIN}, https://evil.example` }],
  ["that knows it only as its referrer", { referer: `${ORIGIN}/console` }],
  ["of its origin, but another site", { origin: ORIGIN, "sec-fetch-site": "cross-site" }],
  ["of its origin, but only of the same site", { origin: ORIGIN, "sec-fetch-site": "same-site" }],
  ["of its origin, but typed in", { origin: ORIGIN, "sec-fetch-site": "none" }],
];

describe("no other site can act in an operator's name", () => {
  it.each(ACTS)("$method $path", async (door) => {
    const session = cookie(await login.token(OLGA));
    const proofs: [Gateway, Call][] = [
      [gateway, session],
      [behindAccess, session],
      [behindAccess, await assertion()],
    ];
    for (const [at, proof] of proofs) {
      for (const [, headers] of FOREIGN) {
        const call = { headers: { ...proof.headers, ...headers } };
        const seen = await expectUntouched(() => knock(at, door, call));
        expect(seen.status).toBe(403);
        tally.refused += 1;
      }
    }
    expect((await auditRows()).length).toBe(0);
    for (const [at, proof] of proofs) expectServed(await knock(at, door, own(proof)));
    // A header that no other site can make a browser send.
    expectServed(await knock(gateway, door, { claims: OLGA }));
  });

  it.each(["PUT", "PATCH", "DELETE", "PROPFIND"])("not by %s either", async (method) => {
    const session = cookie(await login.token(OLGA));
    for (const { path } of [...API_READS, ...API_ACTS]) {
      const send = (call: Call) => gateway.call(path, { method, claims: null, ...call });
      calls.length = 0;
      expect((await send(session)).status).toBe(403);
      expect(calls.filter((name) => !name.startsWith("KV."))).toEqual([]);
      tally.refused += 1;
      expect((await send(own(session))).status).toBe(405);
      tally.served += 1;
    }
  });

  it("nor under another name of a gateway that is on https: only its own origin is its own", async () => {
    const vars = { PUBLIC_URL: "https://edge.example", OPERATOR_SCOPE: "operator" };
    const edge = await makeGateway(vars, counting(calls), { issuer: login });
    const session = cookie(await login.token(OLGA), "__Secure-edge_console");
    for (const door of ACTS) {
      for (const origin of [
        ORIGIN,
        "http://edge.example",
        "https://edge.example:8443",
        "https://www.edge.example",
      ]) {
        const call = { headers: { ...session.headers, origin } };
        expect((await expectUntouched(() => knock(edge, door, call))).status).toBe(403);
        tally.refused += 1;
      }
      const call = { headers: { ...session.headers, origin: "https://edge.example" } };
      expectServed(await knock(edge, door, call));
    }
  });

  it("nor sign anybody in or out", async () => {
    const token = await login.token(OLGA);
    const wayIn: Door = { method: "POST", path: "/console/sign-in", headers: FORM, body: `token=${token}` };
    const wayOut: Door = { method: "POST", path: "/console/sign-out" };
    for (const door of [wayIn, wayOut]) {
      for (const [, headers] of FOREIGN) {
        const seen = await expectUntouched(() => knock(gateway, door, { headers }));
        expect([seen.status, seen.headers.get("set-cookie")]).toEqual([403, null]);
        tally.refused += 1;
      }
      const seen = await knock(gateway, door, own({}));
      expect([seen.status, seen.headers.get("set-cookie") !== null]).toEqual([303, true]);
      tally.served += 1;
    }
    // A link signs nobody in: a token in a URL is in somebody's history.
    const linked = await knock(gateway, { method: "GET", path: `/console/sign-in?token=${token}` });
    expect(linked.headers.get("set-cookie")).toBeNull();
    tally.refused += 1;
  });
});

describe("a session", () => {
  it("is a cookie that no script reads and no other site sends, for as long as its token lives", async () => {
    const seen = await signIn(gateway, await login.token(OLGA));
    expect([seen.status, seen.location]).toEqual([303, "/console"]);
    const [value = "", ...attributes] = (seen.headers.get("set-cookie") ?? "").split("; ");
    expect(value).toMatch(/^edge_console=[\w-]+\.[\w-]+\.[\w-]+$/);
    const [maxAge = "", ...rest] = attributes;
    expect(rest.toSorted()).toEqual(["HttpOnly", "Path=/console", "SameSite=Strict"]);
    const seconds = Number(maxAge.replace("Max-Age=", ""));
    expect(seconds > 290 && seconds <= 300).toBe(true);
    expect(await auditRows()).toMatchObject([{ operator: "olga", action: "sign_in", outcome: "done" }]);
    tally.served += 1;
  });

  it("on https goes over https alone", async () => {
    const vars = { PUBLIC_URL: "https://edge.example", OPERATOR_SCOPE: "operator" };
    const edge = await makeGateway(vars, undefined, { issuer: login });
    const seen = await signIn(edge, await login.token(OLGA), "https://edge.example");
    const [value = "", ...attributes] = (seen.headers.get("set-cookie") ?? "").split("; ");
    expect(value).toMatch(/^__Secure-edge_console=/);
    expect(attributes).toEqual(
      expect.arrayContaining(["Secure", "HttpOnly", "SameSite=Strict", "Path=/console"]),
    );
    tally.served += 1;
  });

  it.each<[string, () => Promise<string>, string]>([
    ["nothing", async () => "", "invalid"],
    ["nonsense", async () => "olga", "invalid"],
    ["an expired token", () => login.token({ ...OLGA, exp: PAST }), "invalid"],
    ["a stranger's token", () => stranger.token(OLGA), "invalid"],
    ["a caller's token", () => login.token({ scope: "external" }), "scope"],
    [
      "a token that no browser would keep",
      () => login.token({ ...OLGA, more: "x".repeat(3_000) }),
      "too_long",
    ],
    ["a flood", async () => "x".repeat(100_000), "invalid"],
  ])("is not begun with %s", async (_name, token, error) => {
    const seen = await signIn(gateway, await token());
    expect([seen.status, seen.location]).toEqual([303, `/console/sign-in?error=${error}`]);
    expect(seen.headers.get("set-cookie")).toBeNull();
    expect(await auditRows()).toEqual([]);
    tally.refused += 1;
    expect((await signIn(gateway, await login.token(OLGA))).location).toBe("/console");
    tally.served += 1;
  });

  it("is not begun unaudited", async () => {
    await env.OPERATORS_DB.exec("DROP TABLE audit");
    const seen = await signIn(gateway, await login.token(OLGA));
    expect([seen.location, seen.headers.get("set-cookie")]).toEqual([
      "/console/sign-in?error=unavailable",
      null,
    ]);
    tally.refused += 1;
  });

  it("ends with signing out, or when it is found to be good for nothing", async () => {
    const out = await knock(gateway, { method: "POST", path: "/console/sign-out" }, own({}));
    const expired = await knock(gateway, { method: "GET", path: "/console" }, cookie("olga"));
    for (const { status, location, headers } of [out, expired]) {
      expect([status, location]).toEqual([303, "/console/sign-in"]);
      expect(headers.get("set-cookie")).toMatch(
        /^edge_console=; Max-Age=0; Path=\/console; HttpOnly; SameSite=Strict$/,
      );
      tally.served += 1;
    }
  });
});

describe("what is stored comes back from the API as data", () => {
  const MARKUP = `"><script>alert('x')</script><img src=x onerror=alert(1)>\u2028]]>`;

  it("whoever wrote it, and is never a document", async () => {
    const callbackUrl = `https://client.example/${encodeURIComponent(MARKUP)}?q=<script>`;
    const who = { userKey: ATTACKER, issuer: `https://i.example/${MARKUP}`, subject: MARKUP };
    const runId = await keepRun({
      terms: { ...who, callbackUrl },
      fate: "dead",
      failure: MARKUP as AttemptFailure,
    });
    // Newer than the other one, so that it is the first of every list.
    const diedAtMs = NOON_MS + 1;
    const letter = letterOf({
      runId,
      userKey: ATTACKER,
      subject: MARKUP,
      callbackUrl,
      diedAtMs,
      reason: MARKUP,
    });
    await indexLetters(env.OPERATORS_DB, [letter]);
    const filter = {
      method: "POST",
      path: "/console/api/dead-letters/redeliver",
      headers: JSON_TYPE,
    } as const;
    const body = JSON.stringify({ host: MARKUP });
    const begun = await knock(gateway, { ...filter, body }, { claims: { ...OLGA, sub: MARKUP } });
    const { id } = JSON.parse(begun.text);

    const read = async (path: string) => {
      const seen = await knock(gateway, { method: "GET", path: `/console/api${path}` }, { claims: OLGA });
      expect(seen.status).toBe(200);
      expectData(seen);
      return JSON.parse(seen.text);
    };
    const { runs } = await read(`/runs?user=${ATTACKER}`);
    expect(runs[0]).toMatchObject({ subject: MARKUP, issuer: `https://i.example/${MARKUP}` });
    const run = await read(`/runs/${runId}`);
    expect([run.callback_url, run.time_line[3].attempt.error]).toEqual([callbackUrl, MARKUP]);
    const { letters, groups } = await read("/dead-letters");
    expect([letters[0].reason, groups[0].reasons[0].reason]).toEqual([MARKUP, MARKUP]);
    expect((await read(`/users/${ATTACKER}`)).subject).toBe(MARKUP);
    expect(await read(`/redeliveries/${id}`)).toMatchObject({ operator: MARKUP, filter: { host: MARKUP } });
    expect((await read("/audit")).entries[0]).toMatchObject({ operator: MARKUP, detail: `to ${MARKUP}` });
    const sums = emptySums();
    countAttempt(sums, attemptOf({ host: MARKUP }));
    await metricsAggregator(env.METRICS_AGGREGATOR).add(encodeSums(sums));
    expect((await read("/destinations")).destinations[0].host).toBe(MARKUP);
    tally.served += 7;
  });

  it.each(words`
    /console/api/runs?state=${encodeURIComponent(MARKUP)}
    /console/api/runs?cursor=${encodeURIComponent(MARKUP)} /console/api/runs/${encodeURIComponent(MARKUP)}
    /console/api/users/${encodeURIComponent(MARKUP)} /console/api/redeliveries/${encodeURIComponent(MARKUP)}
    /console/api/${encodeURIComponent(MARKUP)}`)(
    "and what was sent does not come back at all: %s",
    async (path) => {
      const seen = await knock(gateway, { method: "GET", path }, { claims: OLGA });
      expect([400, 404]).toContain(seen.status);
      expect(seen.text).not.toContain("alert");
      expectData(seen);
      tally.refused += 1;
    },
  );
});

itAddsUp(tally, { refused: 1328, served: 260 });

async function auditRows(): Promise<Record<string, unknown>[]> {
  return (await env.OPERATORS_DB.prepare("SELECT * FROM audit ORDER BY at_ms").run()).results;
}

async function signIn(at: Gateway, token: string, origin = ORIGIN): Promise<Seen> {
  const door: Door = { method: "POST", path: "/console/sign-in", headers: FORM, body: `token=${token}` };
  return knock(at, door, { headers: { origin } });
}

function expectData({ headers }: Seen): void {
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("access-control-allow-origin")).toBeNull();
}
