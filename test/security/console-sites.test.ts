// docs/security.md, The console: no other site can make an operator's browser do anything, and a session is its owner's alone.
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { counting } from "../support/bindings.ts";
import { type Call, type Gateway, makeGateway, ORIGIN } from "../support/gateway.ts";
import { words } from "../support/words.ts";
import { itAddsUp } from "./bench.ts";
import {
  ACTIONS,
  API_ACTIONS,
  API_READS,
  assertion,
  at,
  calls,
  cookie,
  type Door,
  type DoorAnswer,
  expectUntouched,
  FORM,
  knock,
  login,
  makeCounted,
  OLGA,
  own,
  PAST,
  posting,
  stranger,
  useDoors,
} from "./console-doors.ts";

useDoors();
const { counts, expectServed } = makeCounted();

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
  it.each(ACTIONS)("$method $path", async (door) => {
    const session = cookie(await login.token(OLGA));
    const proofs: [Gateway, Call][] = [
      [at.gateway, session],
      [at.behindAccess, session],
      [at.behindAccess, await assertion()],
    ];
    for (const [whose, proof] of proofs) {
      for (const [, headers] of FOREIGN) {
        const call = { headers: { ...proof.headers, ...headers } };
        const answer = await expectUntouched(() => knock(whose, door, call));
        expect(answer.status).toBe(403);
        counts.refused += 1;
      }
    }
    expect((await auditRows()).length).toBe(0);
    for (const [whose, proof] of proofs) expectServed(await knock(whose, door, own(proof)));
    // A header that no other site can make a browser send.
    expectServed(await knock(at.gateway, door, { claims: OLGA }));
  });

  it.each(["PUT", "PATCH", "DELETE", "PROPFIND"])("not by %s either", async (method) => {
    const session = cookie(await login.token(OLGA));
    for (const { path } of [...API_READS, ...API_ACTIONS]) {
      const send = (call: Call) => at.gateway.call(path, { method, claims: null, ...call });
      calls.length = 0;
      expect((await send(session)).status).toBe(403);
      expect(calls.filter((name) => !name.startsWith("KV."))).toEqual([]);
      counts.refused += 1;
      expect((await send(own(session))).status).toBe(405);
      counts.served += 1;
    }
  });

  it("nor under another name of a gateway that is on https: only its own origin is its own", async () => {
    const vars = { PUBLIC_URL: "https://edge.example", OPERATOR_SCOPE: "operator" };
    const edge = await makeGateway(vars, counting(calls), { issuer: login });
    const session = cookie(await login.token(OLGA), "__Secure-edge_console");
    const knockFrom = (door: Door, origin: string) =>
      knock(edge, door, { headers: { ...session.headers, origin } });
    for (const door of ACTIONS) {
      for (const origin of words`${ORIGIN} http://edge.example https://edge.example:8443 https://www.edge.example`) {
        expect((await expectUntouched(() => knockFrom(door, origin))).status).toBe(403);
        counts.refused += 1;
      }
      expectServed(await knockFrom(door, "https://edge.example"));
    }
  });

  it("nor sign an operator in or out", async () => {
    const token = await login.token(OLGA);
    const wayIn = posting("/console/sign-in", FORM, `token=${token}`);
    const wayOut: Door = { method: "POST", path: "/console/sign-out" };
    for (const door of [wayIn, wayOut]) {
      for (const [, headers] of FOREIGN) {
        const answer = await expectUntouched(() => knock(at.gateway, door, { headers }));
        expect([answer.status, answer.headers.get("set-cookie")]).toEqual([403, null]);
        counts.refused += 1;
      }
      const answer = await knock(at.gateway, door, own({}));
      expect([answer.status, answer.headers.get("set-cookie") !== null]).toEqual([303, true]);
      counts.served += 1;
    }
    // A link signs no operator in: a token in a URL stays in a history.
    const linked = await knock(at.gateway, { method: "GET", path: `/console/sign-in?token=${token}` });
    expect(linked.headers.get("set-cookie")).toBeNull();
    counts.refused += 1;
  });
});

describe("a session", () => {
  it.each([
    { publicUrl: ORIGIN, name: "edge_console", transport: [] },
    { publicUrl: "https://edge.example", name: "__Secure-edge_console", transport: ["Secure"] },
  ])(
    "of $publicUrl is a cookie that no script reads and no other site sends, for a day longer than its token lives",
    async ({ publicUrl, name, transport }) => {
      const vars = { PUBLIC_URL: publicUrl, OPERATOR_SCOPE: "operator" };
      const edge = await makeGateway(vars, undefined, { issuer: login });
      const answer = await signIn(edge, await login.token(OLGA), publicUrl);
      expect([answer.status, answer.location]).toEqual([303, "/console"]);
      const [value = "", maxAge = "", ...rest] = (answer.headers.get("set-cookie") ?? "").split("; ");
      expect(value).toMatch(new RegExp(`^${name}=[\\w-]+\\.[\\w-]+\\.[\\w-]+$`));
      expect(rest.toSorted()).toEqual(
        ["HttpOnly", "Path=/console", "SameSite=Strict", ...transport].toSorted(),
      );
      const seconds = Number(maxAge.replace("Max-Age=", ""));
      expect(seconds > 86_690 && seconds <= 86_700).toBe(true);
      expect(await auditRows()).toMatchObject([{ operator: "olga", action: "sign_in", outcome: "done" }]);
      counts.served += 1;
    },
  );

  it.each<[string, () => Promise<string>, string]>([
    ["nothing", async () => "", "invalid"],
    ["an expired token", () => login.token({ ...OLGA, exp: PAST }), "expired"],
    ["a stranger's token", () => stranger.token(OLGA), "invalid"],
    ["a caller's token", () => login.token({ scope: "external" }), "scope"],
    ["more than a cookie", () => login.token({ ...OLGA, more: "x".repeat(3_000) }), "too_long"],
    ["a flood", async () => "x".repeat(100_000), "invalid"],
  ])("is not begun with %s", async (_name, token, error) => {
    const answer = await signIn(at.gateway, await token());
    expect([answer.status, answer.location]).toEqual([303, `/console/sign-in?error=${error}`]);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(await auditRows()).toEqual([]);
    counts.refused += 1;
    expect((await signIn(at.gateway, await login.token(OLGA))).location).toBe("/console");
    counts.served += 1;
  });

  it("is not begun unaudited", async () => {
    await env.OPERATORS_DB.exec("DROP TABLE audit");
    const answer = await signIn(at.gateway, await login.token(OLGA));
    expect([answer.location, answer.headers.get("set-cookie")]).toEqual([
      "/console/sign-in?error=unavailable",
      null,
    ]);
    counts.refused += 1;
  });

  it("ends with signing out, or when it is found to be good for nothing", async () => {
    const out = await knock(at.gateway, { method: "POST", path: "/console/sign-out" }, own({}));
    const expired = await knock(at.gateway, { method: "GET", path: "/console" }, cookie("olga"));
    for (const { status, location, headers } of [out, expired]) {
      expect([status, location]).toEqual([303, "/console/sign-in"]);
      expect(headers.get("set-cookie")).toMatch(
        /^edge_console=; Max-Age=0; Path=\/console; HttpOnly; SameSite=Strict$/,
      );
      counts.served += 1;
    }
  });
});

itAddsUp(counts, { refused: 1374, served: 243 });

async function auditRows(): Promise<Record<string, unknown>[]> {
  return (await env.OPERATORS_DB.prepare("SELECT * FROM audit ORDER BY at_ms").run()).results;
}

async function signIn(gateway: Gateway, token: string, origin = ORIGIN): Promise<DoorAnswer> {
  return knock(gateway, posting("/console/sign-in", FORM, `token=${token}`), { headers: { origin } });
}
