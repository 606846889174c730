// An operator blocks a user or sets a limit for one: through the API, and through the forms of the user's page.
import { describe, expect, it } from "vitest";
import { OperatedRuns } from "../operators/operated-runs.ts";
import { failing } from "../support/bindings.ts";
import { DAY, moveClock } from "../support/clock.ts";
import { type Answer, PAGE } from "../support/gateway.ts";
import { ask, post } from "./bench.ts";

const runs = OperatedRuns.forEach();

const ORIGIN = "http://127.0.0.1:8787";
const UNTIL = "2040-01-01T02:00:00Z";
const claims = { sub: "olga", scope: "operator" };

function operate(what: string): Promise<Answer> {
  return post(runs.stage.gateway, `/users/${runs.alice}/${what}`);
}

function readPage(path: string): Promise<Answer> {
  return runs.stage.gateway.call(`/console${path}`, { claims, ...PAGE });
}

function submit(what: string, body: string): Promise<Answer> {
  return runs.stage.gateway.call(`/console/users/${runs.alice}/${what}`, {
    method: "POST",
    claims,
    headers: { "content-type": "application/x-www-form-urlencoded", origin: ORIGIN },
    body,
    ...PAGE,
  });
}

async function inForce() {
  return (await ask(runs.stage.gateway, `/users/${runs.alice}`)).body.control;
}

describe("through the API", () => {
  it("a block is shown and audited, a limit takes its place, and either is lifted", async () => {
    expect((await operate(`block?until=${UNTIL}`)).body).toMatchObject({
      action: "block_user",
      outcome: "done",
    });
    const bySetting = { set_by: "olga", set_at: "2040-01-01T00:00:00.000Z" };
    const until = "2040-01-01T02:00:00.000Z";
    expect(await inForce()).toEqual({ kind: "blocked", limit: null, until, ...bySetting });
    expect((await operate("limit?limit=500&until=2040-01-31T00:00:00Z")).status).toBe(200);
    expect(await inForce()).toMatchObject({ kind: "limit", limit: 500, until: "2040-01-31T00:00:00.000Z" });
    expect((await operate("lift")).status).toBe(200);
    expect(await inForce()).toBeNull();
    const again = await operate("lift");
    const nothing = "No block and no limit of operators is in force for this user.";
    expect([again.status, again.body.errors[0].detail]).toEqual([409, nothing]);
    const audit = await runs.audit();
    expect(audit).toHaveLength(4);
    expect(audit).toEqual(
      expect.arrayContaining([
        ["olga", "lift_user", runs.alice, nothing, "refused"],
        ["olga", "lift_user", runs.alice, null, "done"],
        ["olga", "limit_user", runs.alice, "500 starts in 300 s, until 2040-01-31T00:00:00.000Z", "done"],
        ["olga", "block_user", runs.alice, "until 2040-01-01T02:00:00.000Z", "done"],
      ]),
    );
  });

  it("what has lapsed is not shown, and cannot be lifted", async () => {
    await operate("block?until=2040-01-31T00:00:00Z");
    moveClock(30 * DAY);
    expect(await inForce()).toBeNull();
    expect((await operate("lift")).status).toBe(409);
  });

  it.each([
    ["block", "until", "until is required."],
    ["block?until=2040-01-01T00:00:00Z", "until", "until must be ahead of now, by 30 days at most."],
    ["block?until=2040-01-31T00:00:01Z", "until", "until must be ahead of now, by 30 days at most."],
    ["block?until=tomorrow", "until", expect.stringContaining("until must be an RFC 3339 date-time")],
    [`limit?until=${UNTIL}`, "limit", "limit must be a whole number from 1 to 100000."],
    [`limit?limit=0&until=${UNTIL}`, "limit", "limit must be a whole number from 1 to 100000."],
    [`limit?limit=100001&until=${UNTIL}`, "limit", "limit must be a whole number from 1 to 100000."],
    [`limit?limit=1.5&until=${UNTIL}`, "limit", "limit must be a whole number from 1 to 100000."],
    ["limit?limit=5", "until", "until is required."],
  ])("%s is a 400 that names what is wrong", async (what, parameter, detail) => {
    const { status, body } = await operate(what);
    expect([status, body.errors[0]]).toEqual([
      400,
      expect.objectContaining({ detail, source: { parameter } }),
    ]);
    expect(await runs.audit()).toEqual([]);
  });

  it("a block is not made while the audit cannot be written", async () => {
    const beside = await runs.beside(failing(/^OPERATORS_DB\.run$/));
    expect((await post(beside, `/users/${runs.alice}/block?until=${UNTIL}`)).status).toBe(503);
    expect((await runs.stage.tryStart()).status).toBe(202);
  });
});

describe("through the forms", () => {
  it("a user is blocked until the time in the field, which is UTC, and the page says so and lifts it", async () => {
    await runs.waiting();
    const { status, headers } = await submit("block", "until=2040-01-01T02:00");
    expect([status, headers.get("location")]).toEqual([
      303,
      `/console/users/${runs.alice}?said=user_blocked`,
    ]);
    const { text } = await readPage(`/users/${runs.alice}?said=user_blocked`);
    expect(text).toContain("The user is blocked.");
    expect(text).toContain(
      "Starts of this user are blocked until 2040-01-01 02:00:00 (in 2 h). Set by olga at 2040-01-01 00:00:00.",
    );
    const lifted = await submit("lift", "");
    expect(lifted.headers.get("location")).toBe(`/console/users/${runs.alice}?said=user_lifted`);
    const { text: audit } = await readPage("/audit");
    for (const said of ["Blocked a user", "until 2040-01-01T02:00:00.000Z", "Lifted a block or limit"])
      expect(audit).toContain(said);
  });

  it("a limit is set, and the page shows it in the place of the default", async () => {
    await submit("limit", "limit=1200&until=2040-01-01T02:00:00");
    const { text } = await readPage(`/users/${runs.alice}`);
    expect(text).toContain("The limit is 1,200 starts until 2040-01-01 02:00:00");
    expect(text).toContain("The limit is 1,200 starts, as operators have set it.");
  });

  it("a bad field is a 400 that names it", async () => {
    const { status, text } = await submit("limit", "limit=0&until=2040-01-01T02:00");
    expect(status).toBe(400);
    expect(text).toContain("limit must be a whole number from 1 to 100000.");
    expect(await inForce()).toBeUndefined();
  });

  it("a user of whom no gate knows anything can be found and blocked", async () => {
    const search = await readPage("/users?subject=alice");
    expect([search.status, search.text.includes(`/console/users/${runs.alice}/block`)]).toEqual([404, true]);
    await submit("block", "until=2040-01-01T02:00");
    expect((await readPage(`/users/${runs.alice}`)).status).toBe(200);
  });
});
