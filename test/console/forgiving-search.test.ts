// Searches as operators type them: the beginning of a run id, a subject alone, a host, how the last attempt failed; and users
// who are not there.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { replacing } from "../support/bindings.ts";
import { type Answer, type Gateway, makeGateway, PAGE } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";
import { makeIssuer } from "../support/tokens.ts";
import { ask, indexActive, indexDeadLetters, keepRun, post, toIndexedDeadLetter } from "./bench.ts";

const ISSUER = "https://login.example";
const RUN = "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
const TWIN = "0b6c8d1e-8f0a-4b7e-9a55-ffffffffffff";

let gateway: Gateway;
let alice: string;
let bob: string;

beforeEach(async () => {
  await freshIndex();
  gateway = await makeGateway();
  alice = await buildUserKey(ISSUER, "alice");
  bob = await buildUserKey(ISSUER, "bob");
});

async function found(query: string): Promise<string[]> {
  const { body } = await ask(gateway, `/runs?${query}`);
  return body.runs.map(({ run_id: id }: { run_id: string }) => id);
}

/** As a browser that has signed in. */
async function open(path: string): Promise<Answer> {
  const token = await gateway.issuer.token({ sub: "olga", scope: "operator" });
  return gateway.call(path, { claims: null, ...PAGE, headers: { cookie: `edge_console=${token}` } });
}

describe("the beginning of a run id", () => {
  it("finds open and ended runs of a user, and none of another's", async () => {
    await keepRun({ terms: { userKey: alice }, runId: RUN });
    await keepRun({ terms: { userKey: alice }, runId: TWIN, fate: "waiting" });
    await keepRun({ terms: { userKey: alice } });
    expect((await found(`run_id=%200B6C8D1E&user=${alice}`)).toSorted()).toEqual([RUN, TWIN]);
    expect(await found(`run_id=0b6c8d1e-8f0a-4b7e-9a55-0&user=${alice}`)).toEqual([RUN]);
    expect(await found(`run_id=0b6c8d1e&user=${bob}`)).toEqual([]);
  });

  it("finds dead letters of whatever day, and runs of the users who were active, each once", async () => {
    await keepRun({ terms: { userKey: alice }, runId: RUN, fate: "dead" });
    await keepRun({ terms: { userKey: bob }, runId: TWIN });
    await indexDeadLetters(env.OPERATORS_DB, [toIndexedDeadLetter({ runId: RUN, userKey: alice })]);
    expect(await found("run_id=0b6c8d1e")).toEqual([RUN]);
    const now = new Date();
    const month = now.getUTCFullYear() * 100 + now.getUTCMonth() + 1;
    await indexActive(env.OPERATORS_DB, month, now.getUTCDate(), [alice, bob]);
    expect((await found("run_id=0b6c8d1e")).toSorted()).toEqual([RUN, TWIN]);
  });

  it.each(["0b6c8d1e", RUN])("finds a run though the gate of a dead letter is away: %s", async (typed) => {
    await keepRun({ terms: { userKey: bob }, runId: RUN });
    await indexDeadLetters(env.OPERATORS_DB, [toIndexedDeadLetter({ runId: RUN, userKey: alice })]);
    const now = new Date();
    const month = now.getUTCFullYear() * 100 + now.getUTCMonth() + 1;
    await indexActive(env.OPERATORS_DB, month, now.getUTCDate(), [bob]);
    let asked = 0;
    gateway = await makeGateway(
      {},
      replacing(typed === RUN ? "USER_GATE.findRun" : "USER_GATE.findRuns", ({ perform }) => {
        asked += 1;
        return asked === 1 ? Promise.reject(new Error("the gate is away")) : perform();
      }),
    );
    const { status, body } = await ask(gateway, `/runs?run_id=${typed}`);
    expect([status, body]).toMatchObject([
      200,
      { runs: [{ run_id: RUN, user: bob }], progress: { unanswered: [alice], searched: 1 } },
    ]);
  });

  it.each(["0b6c8d1%25", "________", "0b6c8d1e%25", "0b6c8d1e%27%20OR%201%3D1--"])(
    "is literal: %s is refused, and stays in the field",
    async (typed) => {
      await keepRun({ terms: { userKey: alice }, runId: RUN, fate: "dead" });
      await indexDeadLetters(env.OPERATORS_DB, [toIndexedDeadLetter({ runId: RUN, userKey: alice })]);
      const { status, text: html } = await open(`/console/runs?run_id=${typed}`);
      expect(status).toBe(400);
      expect(html).toContain("run_id must be a run id, or at least its first 8 characters.");
      expect(html).toContain('value="0b6c8d1'.slice(0, typed.startsWith("_") ? 7 : undefined));
      expect(html).not.toContain(RUN);
    },
  );
});

describe("runs are found by", () => {
  beforeEach(async () => {
    const terms = { userKey: alice, subject: "alice" };
    await keepRun({ terms, runId: RUN, fate: "dead", failure: "redirect not followed" });
    await keepRun({ terms: { ...terms, callbackUrl: "https://cli_nt.example/" }, runId: TWIN });
  });

  it.each([
    ["host=https%3A%2F%2FClient.example%2Fhook", [RUN]],
    ["host=cli_nt.example", [TWIN]],
    ["host=client%25.example", null],
    ["host=cli__t.example", []],
    ["host=-", []],
    ["reason=redirect+not+followed", [RUN]],
    ["reason=no+answer+in+%25", []],
    ["http_status=503", [RUN]],
    ["http_status=204", [TWIN]],
    ["http_status=none", []],
    ["http_status=204&reason=redirect+not+followed", []],
  ])("%s", async (query, expected) => {
    const { status, body } = await ask(gateway, `/runs?user=${alice}&${query}`);
    expect(status).toBe(expected === null ? 400 : 200);
    const ids = expected && body.runs.map(({ run_id: id }: { run_id: string }) => id);
    expect(ids).toEqual(expected);
  });
});

describe("a subject without its issuer", () => {
  it("leads to its user, and to that user's runs", async () => {
    await keepRun({ terms: { userKey: alice, subject: "alice" }, runId: RUN });
    const { status, headers } = await open("/console/users?subject=%20alice");
    expect([status, headers.get("location")]).toEqual([303, `/console/users/${alice}`]);
    expect((await ask(gateway, "/users?subject=alice")).body.user).toBe(alice);
    expect(await found("subject=alice")).toEqual([RUN]);
  });

  it("is enough where one of several issuers has it; otherwise the issuers are named", async () => {
    const moreIssuers = [await makeIssuer("https://other.example")];
    gateway = await makeGateway({}, undefined, { issuer: gateway.issuer, moreIssuers });
    const other = await buildUserKey("https://other.example", "alice");
    await keepRun({ terms: { userKey: other, issuer: "https://other.example", subject: "alice" } });
    expect((await ask(gateway, "/users?subject=alice")).body.user).toBe(other);
    await keepRun({ terms: { userKey: alice, subject: "alice" } });
    const { status, body } = await ask(gateway, "/runs?subject=alice");
    expect([status, body.errors[0]]).toMatchObject([
      400,
      {
        detail: `issuer is required: this subject has several, ${ISSUER}, https://other.example.`,
        source: { parameter: "issuer" },
      },
    ]);
  });
});

describe("a user who does not exist", () => {
  it.each([
    "subject=mallory",
    "issuer=https%3A%2F%2Fother.example&subject=mallory",
    `user=${"x".repeat(43)}`,
  ])("%s is no such user, and what was typed stays", async (query) => {
    const { status, text: html } = await open(`/console/users?${query}`);
    expect(status).toBe(404);
    expect(html).toContain("No such user");
    expect(html).toContain(`value="${query.split("=").at(-1)}"`);
    expect(html).not.toContain("Reset");
    expect((await ask(gateway, `/users?${query}`)).status).toBe(404);
  });

  it("has no page, and no window to be reset", async () => {
    const key = "x".repeat(43);
    const { status, headers } = await open(`/console/users/${key}`);
    expect([status, headers.get("location")]).toEqual([303, `/console/users?user=${key}`]);
    expect((await ask(gateway, `/users/${key}`)).status).toBe(404);
    expect((await post(gateway, `/users/${key}/reset-window`)).status).toBe(404);
    expect((await ask(gateway, "/audit")).body.entries).toEqual([]);
    expect((await ask(gateway, `/users/${key}`)).status).toBe(404);
  });

  it("is another than one of plain runs, whose window is over", async () => {
    await gateway.start({});
    await post(gateway, `/users/${alice}/reset-window`);
    expect((await ask(gateway, `/users/${alice}`)).status).toBe(200);
  });
});

it.each([
  [RUN.toUpperCase(), `/console/runs?run_id=${RUN.toUpperCase()}`],
  ["client.example:8443", "/console/runs?host=client.example%3A8443"],
])("in the search for users %s leads to runs", async (typed, location) => {
  const { status, headers } = await open(`/console/users?user=${encodeURIComponent(typed)}`);
  expect([status, headers.get("location")]).toEqual([303, location]);
});
