// An operator's session: it says when it is over, leads back to the page that was asked for, and ends at the gateway too.

import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { DAY, HOUR, moveClock, SECOND } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { type Answer, type Call, type Gateway, makeGateway, ORIGIN, PAGE } from "../support/gateway.ts";

const OWN = { origin: ORIGIN };
const OPERATOR = { sub: "olga", scope: "operator" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };

freshForEach();

const db = env.OPERATORS_DB;
let gateway: Gateway;
let token: string;

beforeEach(async () => {
  gateway = await makeGateway();
  token = await gateway.issuer.token(OPERATOR);
});

function ask(path: string, { headers = {}, ...call }: Call = {}): Promise<Answer> {
  return gateway.call(path, { claims: null, ...PAGE, ...call, headers });
}

function visit(path: string, by = token): Promise<Answer> {
  return ask(path, { headers: { cookie: `edge_console=${by}` } });
}

function signIn(form: Record<string, string>): Promise<Answer> {
  const body = toQuery(form);
  return ask("/console/sign-in", { method: "POST", headers: { ...FORM, ...OWN }, body });
}

function signOut(): Promise<Answer> {
  return ask("/console/sign-out", { method: "POST", headers: { ...OWN, cookie: `edge_console=${token}` } });
}

function toQuery(given: Record<string, string>): string {
  return new URLSearchParams(given).toString();
}

function locationOf({ status, headers }: Answer): [number, string | null] {
  return [status, headers.get("location")];
}

async function note(atMs: number, id: string, entry: Record<string, string> = {}): Promise<void> {
  const { operator = "olga", action = "poll", target = null } = entry;
  await db
    .prepare("INSERT INTO audit (at_ms, id, operator, via, action, target) VALUES (?, ?, ?, 'session', ?, ?)")
    .bind(atMs, id, operator, action, target)
    .run();
}

async function find(query: Record<string, string>): Promise<string[]> {
  const { body } = await visit(`/console/api/audit?${toQuery(query)}`);
  return body.entries.map(({ at, operator }: { at: string; operator: string }) => `${operator} ${at}`);
}

async function countRows(table: "audit" | "ended_sessions"): Promise<number | null> {
  return await db.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n");
}

async function runCron(): Promise<void> {
  const controller = createScheduledController({ scheduledTime: new Date(Date.now()) });
  await worker.scheduled(controller, gateway.env);
}

describe("a session that has expired", () => {
  it("is said to have, and its page comes after signing in again", async () => {
    const asked = "/console/runs?state=dead&result=error";
    expect((await visit(asked)).status).toBe(200);
    moveClock(HOUR);
    const [status, location] = locationOf(await visit(asked));
    expect([status, location]).toEqual([
      303,
      `/console/sign-in?${toQuery({ error: "expired", next: asked })}`,
    ]);
    const { text: html } = await ask(location ?? "");
    expect(html).toContain("Session expired, sign in again");
    const [, next = ""] = /name="next" value="([^"]*)"/.exec(html) ?? [];
    const again = { token: await gateway.issuer.token(OPERATOR), next: next.replaceAll("&amp;", "&") };
    expect(locationOf(await signIn(again))).toEqual([303, asked]);
  });

  it("has a cookie that outlives it by a day, so that the browser still sends it", async () => {
    const { headers } = await signIn({ token });
    const [, maxAge = ""] = /Max-Age=(\d+)/.exec(headers.get("set-cookie") ?? "") ?? [];
    expect(Number(maxAge)).toBeGreaterThan(DAY / SECOND);
    expect(Number(maxAge)).toBeLessThan((DAY + HOUR) / SECOND);
  });

  it("none leads to no other place than a page of the console", async () => {
    expect(locationOf(await ask("/console/audit"))).toEqual([
      303,
      "/console/sign-in?next=%2Fconsole%2Faudit",
    ]);
    const places = [
      "//evil.example/console",
      "https://evil.example/console",
      "/\\evil.example",
      "javascript:alert(1)",
      "/consoles",
      "/console/../docs",
      "/console/sign-out",
      "/console/api/runs",
    ];
    for (const next of places) {
      expect(locationOf(await signIn({ token, next }))).toEqual([303, "/console"]);
    }
    const { text } = await ask("/console/sign-in?next=%2F%2Fevil.example%2Fconsole");
    expect(text).toContain('name="next" value="/console"');
  });
});

describe("signing out", () => {
  it("ends the session at the gateway: a copy of its cookie opens nothing, and its token begins no other", async () => {
    expect((await visit("/console/audit")).status).toBe(200);
    const out = await signOut();
    expect(locationOf(out)).toEqual([303, "/console/sign-in"]);
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
    expect(locationOf(await visit("/console/audit"))).toEqual([
      303,
      "/console/sign-in?error=signed_out&next=%2Fconsole%2Faudit",
    ]);
    expect((await visit("/console/api/audit")).status).toBe(401);
    expect(locationOf(await signIn({ token }))).toEqual([303, "/console/sign-in?error=signed_out"]);
    const other = await gateway.issuer.token({ ...OPERATOR, jti: "another" });
    const { text } = await visit("/console/audit?action=sign_out", other);
    expect(text).toMatch(/olga.*Session.*Signed out/s);
  });

  it("ends a session of a token with a fraction in its times, however its signature is written", async () => {
    token = await gateway.issuer.token({ ...OPERATOR, exp: Date.now() / 1000 + 100.5 });
    expect(locationOf(await signOut())).toEqual([303, "/console/sign-in"]);
    expect(await countRows("ended_sessions")).toBe(1);
  });

  it("is not done by a request without a cookie, as a link from another site brings it", async () => {
    expect((await ask("/console/audit")).headers.get("set-cookie")).toBeNull();
  });

  it("without a session, or with one that is over, leads to the same page and writes nothing down", async () => {
    moveClock(HOUR);
    expect(locationOf(await signOut())).toEqual([303, "/console/sign-in"]);
    expect(await countRows("audit")).toBe(0);
  });

  it("says so when the gateway could not end the session", async () => {
    await db.exec("DROP TABLE ended_sessions");
    expect(locationOf(await signOut())).toEqual([303, "/console/sign-in?error=still_open"]);
    expect((await ask("/console/sign-in?error=still_open")).text).toContain("It ends with its token");
  });

  it("a session is let in while the store of ended ones is away", async () => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    await db.exec("DROP TABLE ended_sessions");
    expect((await visit("/console/audit")).status).toBe(200);
  });
});

describe("the audit trail", () => {
  const AT = Date.UTC(2039, 5, 1);

  it("is narrowed by who, what, target and time", async () => {
    await note(AT, "1");
    await note(AT + HOUR, "2", { operator: "otto" });
    await note(AT + 2 * HOUR, "3", { action: "abandon", target: "run-3" });
    const [first, second, third] = [
      "olga 2039-06-01T00:00:00.000Z",
      "otto 2039-06-01T01:00:00.000Z",
      "olga 2039-06-01T02:00:00.000Z",
    ];
    expect(await find({})).toEqual([third, second, first]);
    expect(await find({ operator: "otto" })).toEqual([second]);
    expect(await find({ operator: "o%" })).toEqual([]);
    expect(await find({ action: "abandon" })).toEqual([third]);
    expect(await find({ target: "run-3" })).toEqual([third]);
    expect(await find({ from: "2039-06-01T01:00:00Z" })).toEqual([third, second]);
    expect(await find({ from: "2039-06-01T01:00:00Z", to: "2039-06-01T02:00:00Z" })).toEqual([second]);
  });

  it("keeps its conditions from page to page, and in its form", async () => {
    for (let at = 0; at < 60; at += 1)
      await note(AT + at, String(at), { operator: at % 6 === 0 ? "otto" : "olga" });
    const { text: html } = await visit("/console/audit?operator=olga");
    expect(html).toContain('name="operator" value="olga"');
    expect(html.match(/<td[^>]*>olga<\/td>/g)).toHaveLength(50);
    expect(html).not.toMatch(/cursor=/);
    for (let at = 60; at < 90; at += 1) await note(AT + at, String(at));
    const more = await visit("/console/audit?operator=olga");
    const [, next = ""] = /href="(\/console\/audit\?[^"]*cursor=[^"]*)"/.exec(more.text) ?? [];
    expect(next).toContain("operator=olga");
    expect((await visit(next.replaceAll("&amp;", "&"))).text.match(/<td[^>]*>olga<\/td>/g)).toHaveLength(30);
  });

  it("says what is wrong with a search", async () => {
    const { status, text } = await visit("/console/audit?action=dance");
    expect(status).toBe(400);
    expect(text).toContain("action must be one of");
  });

  it("is kept for its retention, as ended sessions are until their tokens expire", async () => {
    await signOut();
    const nowMs = Date.now();
    await note(nowMs - 400 * DAY - 1, "old");
    await note(nowMs - 400 * DAY + HOUR, "kept");
    await runCron();
    expect([await countRows("audit"), await countRows("ended_sessions")]).toEqual([2, 1]);
    moveClock(HOUR);
    await runCron();
    expect(await countRows("ended_sessions")).toBe(0);
  });
});
