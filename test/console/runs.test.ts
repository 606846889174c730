// What an operator is shown of a run and of a user, through the whole gateway.
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { breakerOf } from "../../src/callbacks/destination-breaker.ts";
import { sha256, toHex } from "../../src/platform/hash.ts";
import { OperatedRuns } from "../operators/operated-runs.ts";
import { failing } from "../support/bindings.ts";
import { HOUR, T0 } from "../support/clock.ts";
import type { Answer, Gateway } from "../support/gateway.ts";
import { HOOK } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { ACTION, ask } from "./bench.ts";
import { NOT_ENDED } from "./fixtures.ts";

const runs = OperatedRuns.forEach();

function kinds({ time_line: entries }: Answer["body"]): string[] {
  return entries.map(({ kind }: { kind: string }) => kind);
}

describe("a run's page", () => {
  it("of one that waits says when it is polled next, to an operator who names its user", async () => {
    const run = await runs.waiting();
    for (const query of ["", `?issuer=${runs.stage.gateway.issuer.issuer}&subject=bob`])
      expect((await runs.read(run, query)).status).toBe(404);
    const found = await ask(runs.stage.gateway, `/runs?user=${runs.alice}`);
    // All that a row has: run-search.test.ts.
    expect(found.body.runs).toMatchObject([
      {
        ...NOT_ENDED,
        run_id: run.runId,
        user: runs.alice,
        issuer: "https://login.example",
        subject: "alice",
        stored_action_id: ACTION,
        callback_host: "client.example",
        accepted_at: "2040-01-01T00:00:00.000Z",
        status: "accepted",
        state: "waiting",
        next_attempt_at: null,
      },
    ]);
    const { status, body } = await runs.read(run);
    expect([status, body]).toEqual([
      200,
      {
        ...found.body.runs[0],
        callback_url: HOOK,
        billable: true,
        time_line: [
          { at: "2040-01-01T00:00:00.000Z", kind: "accepted", attempt: null, reason: null },
          { at: "2040-01-01T00:00:02.000Z", kind: "next_poll", attempt: null, reason: null },
        ],
        can: { poll: true, redeliver: false, abandon: true, dismiss: false },
        dismissed: null,
        breaker: null,
        paused: null,
      },
    ]);
  });

  it("of one with attempts to come shows each attempt, and the next", async () => {
    const { body } = await runs.read(await runs.retrying());
    expect(kinds(body)).toEqual(["accepted", "ended", "charged", "attempt", "next_attempt"]);
    const attempt = { number: 1, status: 503, duration_ms: 0, error: "status is no 2xx" };
    expect(body.time_line[3]?.attempt).toEqual(attempt);
    expect(body).toMatchObject({
      state: "retrying",
      attempts: 1,
      next_attempt_at: "2040-01-01T00:00:05.000Z",
      charged: true,
      can: { poll: false, redeliver: false, abandon: true },
    });
  });

  it("says until when the breaker of its host is open for its user, and is there without that breaker", async () => {
    const run = await runs.retrying();
    const breaker = breakerOf(env.DESTINATION_BREAKER, "client.example");
    for (const _ of times(10, () => 0)) await breaker.report(runs.alice, false);
    expect((await runs.read(run)).body.breaker).toEqual({ until: new Date(T0 + 30_000).toISOString() });
    const without = await ask(
      await runs.beside(failing(/^DESTINATION_BREAKER\./)),
      `/runs/${run.runId}?user=${runs.alice}`,
    );
    expect([without.status, without.body.breaker]).toEqual([200, null]);
    vi.setSystemTime(T0 + 30_000);
    expect((await runs.read(run)).body.breaker).toBeNull();
  });

  it("of one that was delivered ends there", async () => {
    const { body } = await runs.read(await runs.delivered());
    expect(kinds(body)).toEqual(["accepted", "ended", "charged", "attempt", "delivered"]);
    expect(body).toMatchObject({ state: "delivered", can: { poll: false, redeliver: true, abandon: false } });
  });

  it("of a dead letter has all ten attempts, and is found without its user", async () => {
    const run = await runs.dead();
    const { body } = await runs.read(run);
    expect(kinds(body).filter((kind) => kind === "attempt")).toHaveLength(10);
    expect(kinds(body).at(-1)).toBe("dead");
    expect(body).toMatchObject({ state: "dead", attempts: 10, can: { redeliver: true, abandon: false } });
    expect((await runs.read(run, "")).body).toEqual(body);
  });

  it("of one that the upstream does not know any more says why it was abandoned", async () => {
    const run = await runs.stage.start();
    runs.stage.gateway.upstream.runs.clear();
    await runs.stage.pass(8 * 24 * HOUR);
    const { body } = await runs.read(run);
    expect(kinds(body)).toEqual(["accepted", "abandoned", "dead"]);
    expect(body.time_line[1]?.reason).toBe("the upstream does not know the run");
    const can = { poll: true, redeliver: true, abandon: false };
    expect(body).toMatchObject({ status: "abandoned", state: "dead", result: null, charged: false, can });
  });

  it("of one without a callback can be polled and abandoned, not redelivered", async () => {
    const run = await runs.withoutCallback();
    expect((await runs.read(run)).body.can).toEqual({
      poll: true,
      redeliver: false,
      abandon: true,
      dismiss: false,
    });
    await runs.stage.pass(HOUR);
    const can = { poll: false, redeliver: false, abandon: false };
    const ended = { state: "none", charged: true, callback_url: null, can };
    expect((await runs.read(run)).body).toMatchObject(ended);
  });
});

describe("a user's page", () => {
  it("shows what the gate keeps: windows, open runs, claims, and usage by day", async () => {
    const id = crypto.randomUUID();
    await runs.stage.start({ idempotency_id: id });
    const run = runs.stage.gateway.upstream.runUnder(id) ?? "";
    runs.stage.waiting.add(run);
    await runs.delivered();
    const { body } = await ask(runs.stage.gateway, `/users/${runs.alice}`);
    expect(body).toEqual({
      user: runs.alice,
      issuer: "https://login.example",
      subject: "alice",
      control: null,
      windows: { runs: { count: 2, resets_at: "2040-01-01T00:05:00.000Z" }, results: null },
      default_limit: 200,
      callback_secret_ids: [await secretId(runs.stage.gateway)],
      open_runs: [
        {
          run_key: id,
          run_id: run,
          status: "accepted",
          state: "waiting",
          due_at: "2040-01-01T00:00:02.000Z",
        },
      ],
      open_next_cursor: null,
      open_count: 1,
      claims: [
        {
          idempotency_id: id,
          status: "settled",
          since: "2040-01-01T00:00:00.000Z",
          ends_at: "2040-01-04T00:00:00.000Z",
        },
      ],
      claims_next_cursor: null,
      usage: [{ day: "2040-01-01", tasks: 1 }],
    });
    const found = await ask(runs.stage.gateway, "/users?issuer=https://login.example&subject=alice");
    expect(found.body).toEqual(body);
  });

  it("names a user of whom nothing is open any more", async () => {
    await runs.delivered();
    vi.setSystemTime(T0 + 40 * 24 * HOUR);
    const { body } = await ask(runs.stage.gateway, `/users/${runs.alice}`);
    expect(body).toMatchObject({ subject: "alice", open_runs: [], claims: [], usage: [] });
  });
});

describe("what the gates have told the operators' index", () => {
  it("leads to a run without its user's name: by its day, and by its id", async () => {
    const { runId } = await runs.delivered();
    expect((await ask(runs.stage.gateway, "/runs")).body).toMatchObject({ runs: [], progress: { users: 0 } });
    await runs.stage.pass(HOUR);
    for (const query of ["", `?run_id=${runId}`]) {
      const { body } = await ask(runs.stage.gateway, `/runs${query}`);
      expect(body).toMatchObject({
        runs: [{ run_id: runId, user: runs.alice, state: "delivered" }],
        next_cursor: null,
        progress: { searched: 1, users: 1 },
      });
    }
  });
});

describe("while the operators' index is away", () => {
  it.each([
    ["a user", () => `/users/${runs.alice}`],
    ["a user's runs", () => `/runs?user=${runs.alice}`],
    ["a run of a user", (runId: string) => `/runs/${runId}?user=${runs.alice}`],
    ["the search for a run of a user", (runId: string) => `/runs?run_id=${runId}&user=${runs.alice}`],
  ])("%s is shown all the same", async (_name, path) => {
    const { runId } = await runs.delivered();
    const sameKeys = { SIGNING_KEYS: String(Reflect.get(runs.stage.gateway.env, "SIGNING_KEYS")) };
    const answer = await ask(await runs.beside(failing(/^OPERATORS_DB\./), sameKeys), path(runId));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual((await ask(runs.stage.gateway, path(runId))).body);
  });
});

/** Of the secret that the user is given. */
async function secretId(gateway: Gateway): Promise<string> {
  const { text } = await gateway.call("/callbacks/secret");
  const { data }: { data: { secret: string } } = JSON.parse(text);
  return toHex(await sha256(data.secret)).slice(0, 8);
}
