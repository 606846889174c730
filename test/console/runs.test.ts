// A run's page and what an operator can do with the run, through the whole gateway.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { userKeyOf } from "../../src/auth/user-key.ts";
import { failing, replacing } from "../support/bindings.ts";
import { HOUR, SECOND, stopClock, T0 } from "../support/clock.ts";
import { type Answer, makeGateway } from "../support/gateway.ts";
import { freshLedger } from "../support/ledger.ts";
import { HOOK, Stage, type Started } from "../support/stage.ts";
import { act, ask } from "./bench.ts";

let stage: Stage;
let alice: string;

beforeEach(async () => {
  await freshLedger();
  stopClock();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  stage = await Stage.set();
  alice = await userKeyOf(stage.gateway.issuer.issuer, "alice");
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await freshLedger();
});

function read(run: Started, query = ""): Promise<Answer> {
  return ask(stage.gateway, `/runs/${run.runId}${query}`);
}

/** Of alice: a run that has not ended is known to her gate alone. */
function readLive(run: Started): Promise<Answer> {
  return read(run, `?user=${alice}`);
}

function kinds({ body }: Answer): string[] {
  return body.time_line.map(({ kind }: { kind: string }) => kind);
}

async function audit(): Promise<unknown[]> {
  const { entries } = (await ask(stage.gateway, "/audit")).body;
  return entries.map(({ operator, action, target, detail, outcome }: Record<string, unknown>) => [
    operator,
    action,
    target,
    detail,
    outcome,
  ]);
}

async function waitingRun(): Promise<Started> {
  const run = await stage.start();
  stage.waiting.add(run.runId);
  return run;
}

async function retryingRun(): Promise<Started> {
  stage.receive(() => new Response(null, { status: 503 }));
  const run = await stage.start();
  await stage.push(run);
  await stage.drain();
  return run;
}

async function deadRun(): Promise<Started> {
  const run = await retryingRun();
  await stage.pass(200 * HOUR);
  stage.received.length = 0;
  return run;
}

async function deliveredRun(): Promise<Started> {
  const run = await stage.start();
  await stage.push(run);
  await stage.drain();
  stage.received.length = 0;
  return run;
}

describe("a run's page", () => {
  it("of one that waits says when somebody looks next, to whoever names its user", async () => {
    const run = await waitingRun();
    expect((await read(run)).status).toBe(404);
    expect((await read(run, `?issuer=${stage.gateway.issuer.issuer}&subject=bob`)).status).toBe(404);
    const { status, body } = await readLive(run);
    expect([status, body]).toEqual([
      200,
      {
        run_id: run.runId,
        user: alice,
        issuer: "https://login.example",
        subject: "alice",
        stored_action_id: "11111111-2222-4333-8444-555555555555",
        callback_host: "client.example",
        callback_url: HOOK,
        accepted_at: "2040-01-01T00:00:00.000Z",
        ended_at: null,
        result: null,
        state: "waiting",
        attempts: 0,
        next_attempt_at: null,
        charged: false,
        billable: true,
        time_line: [
          { at: "2040-01-01T00:00:00.000Z", kind: "accepted", attempt: null },
          { at: "2040-01-01T00:00:02.000Z", kind: "next_look", attempt: null },
        ],
        can: { look: true, redeliver: false, give_up: true },
      },
    ]);
  });

  it("of one that is being tried tells each attempt, and the next", async () => {
    const run = await retryingRun();
    const { body } = await read(run);
    expect(kinds({ body } as Answer)).toEqual(["accepted", "ended", "charged", "attempt", "next_attempt"]);
    expect(body.time_line[3].attempt).toEqual({
      number: 1,
      status: 503,
      duration_ms: 0,
      error: "status is no 2xx",
    });
    expect(body).toMatchObject({
      state: "retrying",
      attempts: 1,
      next_attempt_at: "2040-01-01T00:00:05.000Z",
      charged: true,
      can: { look: false, redeliver: false, give_up: true },
    });
  });

  it("of one that was delivered ends there", async () => {
    const { body } = await read(await deliveredRun());
    expect(kinds({ body } as Answer)).toEqual(["accepted", "ended", "charged", "attempt", "delivered"]);
    expect(body).toMatchObject({ state: "delivered", can: { look: false, redeliver: true, give_up: false } });
  });

  it("of a dead letter has all ten attempts", async () => {
    const { body } = await read(await deadRun());
    expect(kinds({ body } as Answer).filter((kind) => kind === "attempt")).toHaveLength(10);
    expect(kinds({ body } as Answer).at(-1)).toBe("dead");
    expect(body).toMatchObject({ state: "dead", attempts: 10, can: { redeliver: true, give_up: false } });
  });

  it("of one that the upstream lost says so", async () => {
    const run = await stage.start();
    stage.gateway.upstream.runs.clear();
    await stage.pass(24 * HOUR);
    const { body } = await read(run);
    expect(kinds({ body } as Answer)).toEqual(["accepted", "lost", "dead"]);
  });

  it("of one without a callback can be looked at and given up, not redelivered", async () => {
    const { body } = await stage.gateway.start({}, { claims: { billing: '{"is_billable":true}' } });
    const run = { runId: body.data.id, ref: "", completion: "" };
    expect((await readLive(run)).body.can).toEqual({ look: true, redeliver: false, give_up: true });
    await stage.pass(HOUR);
    expect((await read(run)).body).toMatchObject({
      state: "none",
      charged: true,
      callback_url: null,
      can: { look: false, redeliver: false, give_up: false },
    });
  });
});

describe("looking now", () => {
  it("finds an end before the timer does", async () => {
    const run = await waitingRun();
    await stage.pass(10 * 60 * SECOND);
    stage.waiting.clear();
    const answer = await act(stage.gateway, `/runs/${run.runId}/look?user=${alice}`);
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        at: "2040-01-01T00:10:00.000Z",
        operator: "olga",
        action: "look",
        target: run.runId,
        detail: null,
        outcome: "done",
      },
    ]);
    await stage.drain();
    expect(stage.received).toHaveLength(1);
    expect((await read(run)).body.state).toBe("delivered");
    expect(await audit()).toEqual([["olga", "look", run.runId, null, "done"]]);
  });

  it("is refused where the end is known, and written down as refused", async () => {
    const run = await deliveredRun();
    const answer = await act(stage.gateway, `/runs/${run.runId}/look`);
    expect([answer.status, answer.body.errors[0].detail]).toEqual([409, "The run has ended."]);
    expect(await audit()).toEqual([["olga", "look", run.runId, "The run has ended.", "refused"]]);
  });
});

describe("redelivering", () => {
  it("sends a dead letter again, and the receiver gets it", async () => {
    const run = await deadRun();
    stage.receive(() => new Response(null, { status: 204 }));
    expect((await act(stage.gateway, `/runs/${run.runId}/redeliver`)).status).toBe(202);
    expect((await read(run)).body.state).toBe("retrying");
    await stage.pass(0);
    expect(stage.received.map(({ body }) => JSON.parse(body).id)).toEqual([run.runId]);
    const { body } = await read(run);
    expect([body.state, body.attempts]).toEqual(["delivered", 11]);
    expect((await stage.books()).charges).toHaveLength(1);
  });

  it("is refused while it is under way, and asked for ten times at once is done once", async () => {
    const run = await deadRun();
    const path = `/runs/${run.runId}/redeliver`;
    const answers = await Promise.all(Array.from({ length: 10 }, () => act(stage.gateway, path)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      202, 409, 409, 409, 409, 409, 409, 409, 409, 409,
    ]);
    expect(await audit()).toHaveLength(10);
  });

  it("of a run without a callback is refused", async () => {
    const { body } = await stage.gateway.start({}, { claims: { billing: '{"is_billable":true}' } });
    const answer = await act(stage.gateway, `/runs/${body.data.id}/redeliver?user=${alice}`);
    expect([answer.status, answer.body.errors[0].detail]).toEqual([409, "The run has no callback."]);
  });
});

describe("giving up", () => {
  it("stops what is being tried: a dead letter, in the books and for its caller", async () => {
    const run = await retryingRun();
    stage.received.length = 0;
    expect((await act(stage.gateway, `/runs/${run.runId}/give-up`)).status).toBe(200);
    await stage.pass(200 * HOUR);
    expect(stage.received).toEqual([]);
    expect((await read(run)).body).toMatchObject({ state: "dead", attempts: 1, next_attempt_at: null });
    expect((await stage.deliveries(run.runId)).body.data.state).toBe("dead");
    expect(await stage.rows()).toBe(0);
    expect(await audit()).toEqual([["olga", "give_up", run.runId, null, "done"]]);
    stage.receive(() => new Response(null, { status: 204 }));
    expect((await act(stage.gateway, `/runs/${run.runId}/redeliver`)).status).toBe(202);
    await stage.pass(0);
    expect((await read(run)).body).toMatchObject({ state: "delivered", attempts: 2 });
  });

  it("stops looking for the end of one that waits, which then is on the books", async () => {
    const run = await waitingRun();
    expect((await act(stage.gateway, `/runs/${run.runId}/give-up?user=${alice}`)).status).toBe(200);
    const asked = stage.gateway.upstream.asked.length;
    await stage.pass(24 * HOUR);
    expect(stage.gateway.upstream.asked).toHaveLength(asked);
    expect((await read(run)).body).toMatchObject({ state: "dead", result: null, charged: false });
  });

  it("is refused when nothing is under way", async () => {
    const run = await deadRun();
    expect((await act(stage.gateway, `/runs/${run.runId}/give-up`)).status).toBe(409);
  });

  it("holds though the books are away just then: they hear of it later", async () => {
    const run = await retryingRun();
    let written = 0;
    const { issuer, upstream } = stage.gateway;
    const beside = await makeGateway(
      {},
      replacing("LEDGER.batch", async ({ args: [statements], perform }) => {
        // The reads of the page are batches of two.
        if (!Array.isArray(statements) || statements.length === 2) return perform();
        written += 1;
        throw new Error("down");
      }),
      { issuer, upstream },
    );
    const answer = await beside.call(`/console/api/runs/${run.runId}/give-up`, {
      method: "POST",
      claims: { sub: "olga", scope: "operator" },
    });
    expect([answer.status, written]).toEqual([200, 1]);
    expect((await stage.books()).runs[0].state).toBe("retrying");
    await stage.pass(HOUR);
    expect((await stage.books()).runs[0].state).toBe("dead");
    expect(await audit()).toEqual([["olga", "give_up", run.runId, null, "done"]]);
  });
});

describe("a reset of a user's windows", () => {
  it("lets a caller who was refused start again, and is kept", async () => {
    const { issuer, upstream } = stage.gateway;
    const small = await makeGateway({ RATE_LIMIT_DEFAULT: "2" }, undefined, { issuer, upstream });
    const started = async () => (await small.start({ inputs: {} })).status;
    expect([await started(), await started(), await started()]).toEqual([202, 202, 429]);
    const before = (await ask(small, `/users/${alice}`)).body;
    expect([before.windows.runs.count, before.default_limit]).toEqual([2, 2]);
    expect((await act(small, `/users/${alice}/reset-window`)).body).toMatchObject({
      action: "reset_window",
      target: alice,
      outcome: "done",
    });
    expect((await ask(small, `/users/${alice}`)).body.windows).toEqual({ runs: null, results: null });
    expect([await started(), await started(), await started()]).toEqual([202, 202, 429]);
  });
});

describe("nothing is done unaudited", () => {
  it.each(["look", "redeliver", "give-up"])(
    "%s is not done while the audit cannot be written",
    async (what) => {
      const run = what === "redeliver" ? await deadRun() : await waitingRun();
      const { issuer, upstream } = stage.gateway;
      const offered = stage.queue.offered.length;
      const beside = await makeGateway({}, failing(/^LEDGER\.run$/), { issuer, upstream });
      const answer = await beside.call(`/console/api/runs/${run.runId}/${what}?user=${alice}`, {
        method: "POST",
        claims: { sub: "olga", scope: "operator" },
      });
      expect(answer.status).toBe(503);
      expect(stage.queue.offered).toHaveLength(offered);
      expect((await readLive(run)).body.state).toBe(what === "redeliver" ? "dead" : "waiting");
      expect(await audit()).toEqual([]);
    },
  );

  it("what fails is written down as failed", async () => {
    const { issuer, upstream } = stage.gateway;
    const beside = await makeGateway({}, failing(/^USER_GATE\.resetWindows$/), { issuer, upstream });
    expect((await act(beside, `/users/${alice}/reset-window`)).status).toBe(503);
    expect(await audit()).toEqual([["olga", "reset_window", alice, null, "failed"]]);
  });

  it("what is done, and cannot be written down after, is known to have been begun", async () => {
    const { issuer, upstream } = stage.gateway;
    let runs = 0;
    const beside = await makeGateway(
      {},
      replacing("LEDGER.run", ({ perform }) => {
        runs += 1;
        return runs === 1 ? perform() : Promise.reject(new Error("down"));
      }),
      { issuer, upstream },
    );
    expect((await act(beside, `/users/${alice}/reset-window`)).status).toBe(200);
    expect(await audit()).toEqual([["olga", "reset_window", alice, null, "unknown"]]);
  });
});

describe("a user's page", () => {
  it("shows what the gate keeps: windows, unfinished runs, claims, and usage by day", async () => {
    const id = crypto.randomUUID();
    await stage.start({ idempotency_id: id });
    const run = stage.gateway.upstream.runUnder(id) ?? "";
    stage.waiting.add(run);
    await deliveredRun();
    const { body } = await ask(stage.gateway, `/users/${alice}`);
    expect(body).toEqual({
      user: alice,
      issuer: "https://login.example",
      subject: "alice",
      windows: { runs: { count: 2, resets_at: "2040-01-01T00:05:00.000Z" }, results: null },
      default_limit: 200,
      unfinished: [
        { key: id, run_id: run, status: "accepted", state: "waiting", due_at: "2040-01-01T00:00:02.000Z" },
      ],
      claims: [
        {
          idempotency_id: id,
          status: "settled",
          since: "2040-01-01T00:00:00.000Z",
          ends_at: "2040-01-04T00:00:00.000Z",
        },
      ],
      usage: [{ day: "2040-01-01", tasks: 1 }],
    });
    const found = await ask(stage.gateway, "/users?issuer=https://login.example&subject=alice");
    expect(found.body).toEqual(body);
  });

  it("names a user of whom only the books know", async () => {
    await deliveredRun();
    vi.setSystemTime(T0 + 40 * 24 * HOUR);
    const { body } = await ask(stage.gateway, `/users/${alice}`);
    expect(body).toMatchObject({ subject: "alice", unfinished: [], claims: [], usage: [] });
  });

  it("of somebody who was never here is empty", async () => {
    const { body } = await ask(stage.gateway, `/users/${"x".repeat(43)}`);
    expect(body).toMatchObject({ issuer: null, subject: null, windows: { runs: null, results: null } });
  });
});
