// An operator pauses a host and resumes it: through the API, and through the forms of the destinations.
import { describe, expect, it } from "vitest";
import { OperatedRuns } from "../operators/operated-runs.ts";
import { failing } from "../support/bindings.ts";
import { HOUR, moveClock } from "../support/clock.ts";
import { type Answer, PAGE } from "../support/gateway.ts";
import { ask, post } from "./bench.ts";

const runs = OperatedRuns.forEach();

const HOST = "client.example:8443";
const claims = { sub: "olga", scope: "operator" };

function operate(what: string): Promise<Answer> {
  return post(runs.stage.gateway, `/destinations/${what}`);
}

function readPage(path: string): Promise<Answer> {
  return runs.stage.gateway.call(`/console${path}`, { claims, ...PAGE });
}

function submit(what: string, body: string): Promise<Answer> {
  return runs.stage.gateway.call(`/console/destinations/${what}`, {
    method: "POST",
    claims,
    headers: { "content-type": "application/x-www-form-urlencoded", origin: "http://127.0.0.1:8787" },
    body,
    ...PAGE,
  });
}

async function paused() {
  return (await ask(runs.stage.gateway, "/destinations")).body.paused;
}

describe("through the API", () => {
  it("a host is paused for an hour unless a moment is given, as often as it is asked, and resumed", async () => {
    expect((await operate(`pause?host=https://${HOST}/hook`)).body).toMatchObject({
      action: "pause_host",
      target: HOST,
      outcome: "done",
    });
    const bySetting = { set_by: "olga", set_at: "2040-01-01T00:00:00.000Z" };
    expect(await paused()).toEqual([{ host: HOST, until: "2040-01-01T01:00:00.000Z", ...bySetting }]);
    await operate(`pause?host=${HOST}&until=2040-01-08T00:00:00Z`);
    expect(await paused()).toEqual([{ host: HOST, until: "2040-01-08T00:00:00.000Z", ...bySetting }]);
    expect((await operate(`resume?host=${HOST}`)).status).toBe(200);
    expect(await paused()).toEqual([]);
    const again = await operate(`resume?host=${HOST}`);
    expect([again.status, again.body.errors[0].detail]).toEqual([409, "This host is not paused."]);
    expect(await runs.audit()).toEqual(
      expect.arrayContaining([
        ["olga", "pause_host", HOST, "until 2040-01-01T01:00:00.000Z", "done"],
        ["olga", "pause_host", HOST, "until 2040-01-08T00:00:00.000Z", "done"],
        ["olga", "resume_host", HOST, null, "done"],
        ["olga", "resume_host", HOST, "This host is not paused.", "refused"],
      ]),
    );
  });

  it("a pause that has lapsed is not shown", async () => {
    await operate(`pause?host=${HOST}`);
    moveClock(HOUR);
    expect(await paused()).toEqual([]);
  });

  it.each([
    ["pause", "host", "host must be the host of a callback, such as client.example."],
    ["pause?host=-", "host", "host must be the host of a callback, such as client.example."],
    ["resume?host=a%20b", "host", "host must be the host of a callback, such as client.example."],
    [
      `pause?host=${HOST}&until=2040-01-01T00:00:00Z`,
      "until",
      "until must be ahead of now, by 7 days at most.",
    ],
    [
      `pause?host=${HOST}&until=2040-01-08T00:00:01Z`,
      "until",
      "until must be ahead of now, by 7 days at most.",
    ],
    [
      `pause?host=${HOST}&until=soon`,
      "until",
      expect.stringContaining("until must be an RFC 3339 date-time"),
    ],
  ])("%s is a 400 that names what is wrong", async (what, parameter, detail) => {
    const { status, body } = await operate(what);
    expect([status, body.errors[0]]).toEqual([
      400,
      expect.objectContaining({ detail, source: { parameter } }),
    ]);
    expect(await runs.audit()).toEqual([]);
  });

  it("nothing is paused while KV is away, and the audit says that it failed", async () => {
    const beside = await runs.beside(failing(/^KV\./));
    expect((await post(beside, `/destinations/pause?host=${HOST}`)).status).toBe(503);
    expect(await runs.audit()).toEqual([
      ["olga", "pause_host", HOST, "until 2040-01-01T01:00:00.000Z", "failed"],
    ]);
  });
});

describe("through the forms", () => {
  it("a host is paused until the time in the field, which is UTC, and its page says so and resumes it", async () => {
    const { status, headers } = await submit("pause", `host=${HOST}&until=2040-01-02T03:04`);
    const page = "/console/destinations?host=client.example%3A8443";
    expect([status, headers.get("location")]).toEqual([303, `${page}&said=host_paused`]);
    const { text } = await readPage("/destinations?host=client.example%3A8443");
    expect(text).toContain("2040-01-02T03:04:00.000Z");
    expect(text).toContain(`aria-label="Resume ${HOST}"`);
    expect((await submit("resume", `host=${HOST}`)).headers.get("location")).toBe(
      `${page}&said=host_resumed`,
    );
    expect((await readPage("/destinations?host=client.example%3A8443")).text).toContain(
      `aria-label="Pause for 1 h: ${HOST}"`,
    );
    const { text: audit } = await readPage("/audit");
    for (const said of ["Paused a host", "Resumed a host", page]) expect(audit).toContain(said);
  });

  it("a host without a moment is paused for an hour, and a bad field is a 400 that names it", async () => {
    await submit("pause", `host=${HOST}`);
    expect(await paused()).toMatchObject([{ until: "2040-01-01T01:00:00.000Z" }]);
    const { status, text } = await submit("pause", "host=-");
    expect([status, text.includes("host must be the host of a callback")]).toEqual([400, true]);
  });

  it("the page of a run that waits says who has paused its host, and leads to it", async () => {
    await operate("pause?host=client.example");
    const run = await runs.waiting();
    const { text } = await readPage(`/runs/${run.runId}?user=${runs.alice}`);
    expect(text).toContain("olga has paused ");
    expect(text).toContain(
      "until 2040-01-01 01:00:00 (in 1 h). No attempt is made before, and none is used up.",
    );
    expect(text).toContain("/console/destinations?host=client.example");
  });
});
