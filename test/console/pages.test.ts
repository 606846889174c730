// The pages over HTTP: who is let in, what is answered with which status and policy, and what a form does.
import { beforeEach, describe, expect, it } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { failing } from "../support/bindings.ts";
import { type Answer, type Call, type Gateway, makeGateway, ORIGIN, PAGE } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";
import { words } from "../support/words.ts";
import { indexDeadLetters, keepRun, toIndexedDeadLetter } from "./bench.ts";

const OPERATOR = { sub: "olga", scope: "operator" };
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const NO_RUN = "3985f288-b8bb-46b0-bc42-83eb0cf7d890";
const OWN = { origin: ORIGIN, "sec-fetch-site": "same-origin" };

let db: D1Database;
let gateway: Gateway;
let alice: string;

beforeEach(async () => {
  db = await freshIndex();
  gateway = await makeGateway();
  alice = await buildUserKey(gateway.issuer.issuer, "alice");
});

/** As a browser that has signed in. */
async function ask(path: string, call: Call & { as?: Record<string, unknown> | null } = {}): Promise<Answer> {
  const { as = OPERATOR, headers = {}, ...rest } = call;
  const cookie = as === null ? {} : { cookie: `edge_console=${await gateway.issuer.token(as)}` };
  return gateway.call(path, { claims: null, ...PAGE, ...rest, headers: { ...cookie, ...headers } });
}

function post(path: string, body: string, headers: Record<string, string> = OWN): Promise<Answer> {
  const type = { "content-type": "application/x-www-form-urlencoded" };
  return ask(path, { method: "POST", headers: { ...type, ...headers }, body });
}

/** A dead letter of alice that the index knows. */
async function deadRun(): Promise<string> {
  const runId = await keepRun({ terms: { userKey: alice, subject: "alice" }, fate: "dead" });
  await indexDeadLetters(db, [
    toIndexedDeadLetter({ runId, userKey: alice, reason: "status is no 2xx", status: 503 }),
  ]);
  return runId;
}

async function redeliveries(): Promise<number> {
  const sql = "SELECT COUNT(*) AS n FROM audit WHERE action IN ('redeliver_many', 'dismiss_many')";
  return (await db.prepare(sql).first<number>("n")) ?? 0;
}

describe("every page is a document under the strict policy", () => {
  it.each([
    ["/console", "Overview"],
    ["/console?span=day", "Overview"],
    ["/console?span=century", "Overview"],
    ["/console/errors", "Errors"],
    ["/console/errors?kind=upstream&route=&user=", "Errors"],
    ["/console/runs", "Runs"],
    ["/console/runs?state=dead&from=2026-11-25T20:14&to=", "Runs"],
    ["/console/users", "Users"],
    ["/console/dead-letters", "Dead letters"],
    ["/console/destinations", "Destinations"],
    ["/console/audit", "Audit trail"],
    ["/console/sign-in", "Sign in"],
  ])("%s", async (path, title) => {
    const { status, headers, text: html } = await ask(path);
    expect(status).toBe(200);
    expect(html).toMatch(/^<!doctype html><html lang="en">/);
    expect(html).toContain(`<title>${title} · Edge Actions</title>`);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "referrer-policy": "same-origin",
    });
  });

  it("a run, with its time line", async () => {
    const id = await deadRun();
    const { status, text: html } = await ask(`/console/runs/${id}`);
    expect(status).toBe(200);
    expect(html).toContain("status is no 2xx");
    expect(html).toContain("https://client.example/hook");
    expect(html).toContain(`action="/console/runs/${id}/redeliver"`);
  });

  it("a user, found by issuer and subject", async () => {
    await deadRun();
    const { status, headers } = await ask("/console/users?issuer=https%3A%2F%2Flogin.example&subject=alice");
    expect([status, headers.get("location")]).toEqual([303, `/console/users/${alice}`]);
    expect((await ask(`/console/users/${alice}`)).status).toBe(200);
  });
});

describe("without signing in there is nothing but the sign-in page and the assets", () => {
  it("a caller who is no operator is told so, and sees nothing", async () => {
    const {
      status,
      headers,
      text: html,
    } = await ask("/console/runs", { as: { sub: "alice", scope: "external" } });
    expect(status).toBe(403);
    expect(html).toContain("You are not an operator");
    expect(html).not.toContain("Finished from");
    expect(headers.get("content-security-policy")).toBe(POLICY);
  });

  it.each([
    ["/console/assets/console.css", "text/css; charset=utf-8", ":root {"],
    ["/console/assets/console.js", "text/javascript; charset=utf-8", "// @ts-check"],
    ["/console/assets/icon.svg", "image/svg+xml", "<svg "],
  ])("%s is served, and not again to a browser that has it", async (path, type, content) => {
    const first = await ask(path, { as: null });
    expect([first.status, first.headers.get("content-type")]).toEqual([200, type]);
    expect(first.text).toContain(content);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).not.toBe("");
    const second = await ask(path, { as: null, headers: { "if-none-match": etag } });
    expect([second.status, second.text]).toEqual([304, ""]);
  });

  it.each([
    ["invalid", "That is no token that holds here."],
    ["scope", "it has not the scope of operators"],
  ])("the sign-in page says what was wrong: %s", async (error, said) => {
    expect((await ask(`/console/sign-in?error=${error}`, { as: null })).text).toContain(said);
  });

  it("and says nothing that it does not know", async () => {
    const { text: html } = await ask("/console/sign-in?error=Your+password+has+expired&said=Call+me", {
      as: null,
    });
    expect(html).not.toContain("password has expired");
    expect(html).not.toContain("Call me");
    expect(html).not.toContain("flash");
  });
});

describe("what is not there or cannot be", () => {
  it.each(words`
    /console/nowhere /console/runs/not-a-uuid
    /console/runs/${NO_RUN}?user=${"u".repeat(43)} /console/users/short
    /console/redeliveries/none`)("%s is a 404 page", async (path) => {
    const { status, text: html } = await ask(path);
    expect(status).toBe(404);
    expect(html).toContain("There is nothing here");
  });

  it("a run whose user is not named is searched for", async () => {
    const { status, headers } = await ask(`/console/runs/${NO_RUN}`);
    const location = headers.get("location") ?? "";
    expect([status, location]).toEqual([303, `/console/runs?run_id=${NO_RUN}`]);
    expect((await ask(location)).text).toContain("No run is like that");
  });

  it.each([
    ["/console/runs?run_id=x", "run_id must be a run id"],
    ["/console/runs?issuer=https%3A%2F%2Flogin.example", "issuer and subject go together."],
    ["/console/runs?from=yesterday", "from must be an RFC 3339 date-time"],
    ["/console/errors?kind=all", "kind must be one of"],
    ["/console/users?user=x", "user must be a user key"],
    ["/console/dead-letters?from=2026-11-25T20:14&to=2026-11-24T20:14", "from must not be later than to."],
  ])("%s: the page says what is wrong, and keeps the form", async (path, said) => {
    const { status, text: html } = await ask(path);
    expect(status).toBe(400);
    expect(html).toContain(said);
    expect(html).toContain("<form");
  });

  it("the operators' index away is a 503 page, and no stack", async () => {
    const bindings = failing(/^OPERATORS_DB\./, () => new Error("D1 is on fire"));
    gateway = await makeGateway({}, bindings);
    const { status, text: html } = await ask("/console/runs");
    expect(status).toBe(503);
    expect(html).toContain("A store does not answer");
    expect(html).not.toContain("on fire");
  });
});

describe("forms", () => {
  it("a dead letter is sent again, and the run's page says so", async () => {
    const id = await deadRun();
    const { status, headers } = await post(`/console/runs/${id}/redeliver`, `user=${alice}`);
    expect(status).toBe(303);
    const location = headers.get("location") ?? "";
    expect(location).toBe(`/console/runs/${id}?user=${alice}&said=redelivering`);
    expect((await ask(location)).text).toContain("The callback is being sent again.");
  });

  it.each([
    ["/runs/RUN/poll", "", "/runs/RUN?user=ALICE&said=not_now"],
    ["/dead-letters/redeliver", "only=RUN", "/runs/RUN?user=ALICE&said=redelivering"],
    [`/users/ALICE/open-runs/${NO_RUN}/poll`, `run_id=${NO_RUN}`, "/users/ALICE?said=not_now"],
    ["/users/ALICE/reset-window", "", "/users/ALICE?said=window_reset"],
    // Nothing ticked is nothing sent, never everything; no host, no reason and no time neither.
    ["/dead-letters/redeliver", "what=selection", "/dead-letters?said=nothing_selected"],
    ["/dead-letters/redeliver", "what=range&host=", "/dead-letters?said=nothing_given"],
    ["/runs/RUN/dismiss", "user=ALICE&dismissal=gone", "/runs/RUN?user=ALICE&said=dismissed"],
    ["/dead-letters/dismiss", "what=selection&run_id=RUN&dismissal=+", "/dead-letters?said=no_dismissal"],
    ["/dead-letters/dismiss", "what=selection&dismissal=gone", "/dead-letters?said=nothing_selected"],
    ["/dead-letters/dismiss", "what=range&dismissal=gone", "/dead-letters?said=nothing_given"],
  ])("%s with %o leads on to %s", async (...given) => {
    const id = await deadRun();
    const [path = "", body = "", next] = given.map((text) => text.replace("RUN", id).replace("ALICE", alice));
    const { status, headers } = await post(`/console${path}`, body);
    expect([status, headers.get("location")]).toEqual([303, `/console${next}`]);
    expect(await redeliveries()).toBe(0);
  });

  it("what an action came to is in the audit trail", async () => {
    await deadRun();
    await post(`/console/users/${alice}/reset-window`, "");
    expect((await ask("/console/audit")).text).toContain("Reset the windows");
  });

  it.each([
    ...words`
    what=everything what=selection&run_id=x what=range&from=yesterday what=${"x".repeat(70_000)}`,
    "",
  ])("%.50s is no form: it is refused, and nothing is sent", async (fields) => {
    await deadRun();
    const { status, text: html } = await post("/console/dead-letters/redeliver", fields);
    expect(status).toBe(400);
    expect(html).toContain("This form cannot be read");
    expect(await redeliveries()).toBe(0);
  });

  it.each([
    ["what=selection&run_id=RUN", "1 dead letter, chosen by hand."],
    ["what=range&host=client.example", "All dead letters to client.example."],
    ["what=range&host=-&reason=poison", "All dead letters without a callback, because of “poison”."],
    ["what=range&from=2026-11-25T20:14&to=", "All dead letters to any host, from 2026-11-25 20:14:00."],
    ["what=range&http_status=503&host=", "All dead letters to any host, with status 503."],
  ])("%s is sent again, and its progress shown", async (fields, said) => {
    const { headers } = await post("/console/dead-letters/redeliver", fields.replace("RUN", await deadRun()));
    const location = headers.get("location") ?? "";
    expect(location).toMatch(/^\/console\/redeliveries\/[\w-]+$/);
    const { text: html } = await ask(location);
    expect(html).toContain(said);
    // Without scripts the page loads itself again; with them it asks the API.
    expect(html).toContain('<noscript><meta http-equiv="refresh" content="2"/></noscript>');
    expect(html).toContain(`data-redelivery="/console/api${location.replace("/console", "")}"`);
    expect(await redeliveries()).toBe(1);
  });

  it("of a line of dead letters send again what the line counts, and no other", async () => {
    const [from, to] = ["2026-11-25T20:14", "2026-11-25T20:16:00Z"];
    await indexDeadLetters(db, [
      toIndexedDeadLetter({ userKey: alice, diedAtMs: Date.parse("2026-11-25T20:15:00Z"), reason: "poison" }),
      toIndexedDeadLetter({ userKey: alice, diedAtMs: Date.parse("2026-11-25T20:15:00Z") }),
      toIndexedDeadLetter({ userKey: alice, diedAtMs: Date.parse("2026-11-25T20:17:00Z"), reason: "poison" }),
    ]);
    const { text: html } = await ask(
      `/console/dead-letters?reason=poison&dismissed=false&from=${from}&to=${to}`,
    );
    expect(html).toContain("Every dead letter of this line is sent again: 1 run.");
    const query = `host=client.example&amp;reason=poison&amp;http_status=none&amp;dismissed=false&amp;from=${encodeURIComponent(from)}&amp;to=${encodeURIComponent(to)}`;
    // One click opens what the line counts, with the list in view.
    expect(html).toContain(`href="/console/dead-letters?${query}#list"`);
    expect(html).toContain('<section class="card" id="list">');
    // The form of the whole range, too.
    expect(html).toContain('name="to" type="datetime-local" value="2026-11-25T20:16:00.000"');
    const [form = ""] = html.match(/<form method="post" action="[^"]*\/redeliver">.*?<\/form>/s) ?? [];
    const fields = [...form.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]);
    const sent = await post("/console/dead-letters/redeliver", new URLSearchParams(fields).toString());
    const said = await ask(sent.headers.get("location") ?? "");
    expect(said.text).toContain(
      "All dead letters to client.example, because of “poison”, with no status, from 2026-11-25 20:14:00, before 2026-11-25 20:15:00.",
    );
  });

  it("from elsewhere do nothing, and are told so", async () => {
    const { status, text: html } = await post(`/console/runs/${await deadRun()}/redeliver`, "", {});
    expect([status, html.includes("This form came from elsewhere")]).toEqual([403, true]);
  });

  it("naming the run of a start is refused with an id that is none", async () => {
    const path = `/console/users/${alice}/open-runs/${NO_RUN}/poll`;
    expect((await post(path, "run_id=x")).status).toBe(400);
  });

  it("a message in the URL that is not of the list is not shown", async () => {
    const { text: html } = await ask("/console/users?said=constructor");
    expect(html).not.toContain("flash");
  });
});
