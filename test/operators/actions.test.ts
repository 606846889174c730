// What an operator can do with a run or a user, through the whole gateway.
import { describe, expect, it } from "vitest";
import { ask, post } from "../console/bench.ts";
import { failing, losingAnswer, replacing } from "../support/bindings.ts";
import { HOUR, SECOND } from "../support/clock.ts";
import { OperatedRuns } from "./operated-runs.ts";

const runs = OperatedRuns.forEach();

describe("polling now", () => {
  it("finds an end before the timer does", async () => {
    const run = await runs.waiting();
    await runs.stage.pass(10 * 60 * SECOND);
    runs.stage.waiting.clear();
    const { status, body } = await runs.postTo(run, "poll");
    const done = { action: "poll", target: run.runId, detail: null, outcome: "done" };
    expect([status, body]).toEqual([
      202,
      { at: "2040-01-01T00:10:00.000Z", operator: "olga", via: "authorization", ...done },
    ]);
    await runs.stage.drain();
    expect(runs.stage.received).toHaveLength(1);
    expect((await runs.read(run)).body.state).toBe("delivered");
    expect(await runs.audit()).toEqual([["olga", "poll", run.runId, null, "done"]]);
  });

  it("is done each time, however often a completion has hurried the run", async () => {
    const run = await runs.waiting();
    await runs.stage.pass(10 * 60 * SECOND);
    await runs.stage.finish(run, false);
    const asked = runs.stage.gateway.upstream.asked.length;
    for (const more of [1, 2]) {
      await runs.postTo(run, "poll");
      await runs.stage.drain();
      expect(runs.stage.gateway.upstream.asked).toHaveLength(asked + more);
    }
  });

  it("is refused where the end is known, and written down as refused", async () => {
    const run = await runs.delivered();
    const answer = await runs.postTo(run, "poll");
    expect([answer.status, answer.body.errors[0].detail]).toEqual([409, "The run has ended."]);
    expect(await runs.audit()).toEqual([["olga", "poll", run.runId, "The run has ended.", "refused"]]);
  });
});

describe("naming the run of a start that was never answered", () => {
  it("has the upstream asked for it: its callback goes out and it is charged", async () => {
    const { runKey, runId } = await runs.unanswered();
    const before = (await ask(runs.stage.gateway, `/users/${runs.alice}`)).body.open_runs;
    expect(before).toMatchObject([{ run_key: runKey, run_id: null, status: "forwarding" }]);
    const path = `/users/${runs.alice}/open-runs/${runKey}/poll?run_id=${runId}`;
    expect((await post(runs.stage.gateway, path)).status).toBe(202);
    await runs.stage.pass(SECOND);
    expect((await runs.read({ runId })).body).toMatchObject({ state: "delivered", charged: true });
    expect(await runs.audit()).toEqual([
      ["olga", "poll", runId, `named as the run of the start ${runKey}`, "done"],
    ]);
  });

  it("is refused of a start that was answered", async () => {
    const id = crypto.randomUUID();
    await runs.stage.start({ idempotency_id: id });
    const path = `/users/${runs.alice}/open-runs/${id}/poll?run_id=${crypto.randomUUID()}`;
    expect((await post(runs.stage.gateway, path)).status).toBe(404);
    expect(await runs.audit()).toEqual([]);
  });
});

describe("redelivering", () => {
  it("sends a dead letter again, and the receiver gets it", async () => {
    const run = await runs.dead();
    runs.stage.receive(() => new Response(null, { status: 204 }));
    expect((await runs.postTo(run, "redeliver")).status).toBe(202);
    expect((await runs.read(run)).body.state).toBe("retrying");
    await runs.stage.pass(2 * SECOND);
    expect(runs.stage.received.map(({ body }) => JSON.parse(body).id)).toEqual([run.runId]);
    const { body } = await runs.read(run);
    expect([body.state, body.attempts]).toEqual(["delivered", 11]);
    const { charges } = await runs.stage.records();
    expect(charges.filter(({ run_id }) => run_id === run.runId)).toHaveLength(1);
  });

  it("of a run without a callback is refused", async () => {
    const answer = await runs.postTo(await runs.withoutCallback(), "redeliver");
    expect([answer.status, answer.body.errors[0].detail]).toEqual([409, "The run has no callback."]);
  });
});

describe("abandoning", () => {
  it("stops the attempts: a dead letter, for operators and for its caller", async () => {
    const run = await runs.retrying();
    runs.stage.received.length = 0;
    expect((await runs.postTo(run, "abandon")).status).toBe(200);
    await runs.stage.pass(200 * HOUR);
    expect(runs.stage.received).toEqual([]);
    expect((await runs.read(run)).body).toMatchObject({
      status: "ended",
      state: "dead",
      attempts: 1,
      next_attempt_at: null,
    });
    expect((await runs.stage.deliveries(run.runId)).body.data.state).toBe("dead");
    expect(await runs.stage.rows()).toBe(0);
    expect(await runs.audit()).toEqual([["olga", "abandon", run.runId, null, "done"]]);
    const { dead_letters: deadLetters } = (await ask(runs.stage.gateway, "/dead-letters")).body;
    expect(deadLetters).toMatchObject([{ run_id: run.runId, user: runs.alice, attempts: 1, status: 503 }]);
    runs.stage.receive(() => new Response(null, { status: 204 }));
    expect((await runs.postTo(run, "redeliver")).status).toBe(202);
    await runs.stage.pass(2 * SECOND);
    expect((await runs.read(run)).body).toMatchObject({ state: "delivered", attempts: 2 });
    expect((await ask(runs.stage.gateway, "/dead-letters")).body.dead_letters).toEqual([]);
  });

  it("is refused when nothing is under way", async () => {
    const run = await runs.dead();
    expect((await runs.postTo(run, "abandon")).status).toBe(409);
  });
});

describe("a reset of a user's windows", () => {
  it("lets a caller who was refused start again, and is kept", async () => {
    const small = await runs.beside(undefined, { RATE_LIMIT_DEFAULT: "2" });
    const started = async () => (await small.start({ inputs: {} })).status;
    expect([await started(), await started(), await started()]).toEqual([202, 202, 429]);
    const before = (await ask(small, `/users/${runs.alice}`)).body;
    expect([before.windows.runs?.count, before.default_limit]).toEqual([2, 2]);
    expect((await post(small, `/users/${runs.alice}/reset-window`)).body).toMatchObject({
      action: "reset_window",
      target: runs.alice,
      outcome: "done",
    });
    expect((await ask(small, `/users/${runs.alice}`)).body.windows).toEqual({ runs: null, results: null });
    expect([await started(), await started(), await started()]).toEqual([202, 202, 429]);
  });
});

describe("nothing is done unaudited", () => {
  it.each(["poll", "redeliver", "abandon"])(
    "%s is not done while the audit cannot be written",
    async (what) => {
      const run = what === "redeliver" ? await runs.dead() : await runs.waiting();
      const offered = runs.stage.queue.offered.length;
      const beside = await runs.beside(failing(/^OPERATORS_DB\.run$/));
      expect((await post(beside, `/runs/${run.runId}/${what}?user=${runs.alice}`)).status).toBe(503);
      expect(runs.stage.queue.offered).toHaveLength(offered);
      expect((await runs.read(run)).body.state).toBe(what === "redeliver" ? "dead" : "waiting");
      expect(await runs.audit()).toEqual([]);
    },
  );

  it.each(["redeliver", "abandon"] as const)(
    "%s is written down as done when its answer got lost, and it was asked for once more",
    async (what) => {
      const run = what === "redeliver" ? await runs.dead() : await runs.waiting();
      const beside = await runs.beside(losingAnswer(`USER_GATE.${what}`));
      const { body } = await post(beside, `/runs/${run.runId}/${what}?user=${runs.alice}`);
      expect(body.outcome).toBe("done");
      expect((await runs.read(run)).body.state).toBe(what === "redeliver" ? "retrying" : "dead");
      expect(await runs.audit()).toEqual([["olga", what, run.runId, null, "done"]]);
    },
  );

  it("what fails is written down as failed", async () => {
    await runs.waiting();
    const beside = await runs.beside(failing(/^USER_GATE\.resetWindows$/));
    expect((await post(beside, `/users/${runs.alice}/reset-window`)).status).toBe(503);
    expect(await runs.audit()).toEqual([["olga", "reset_window", runs.alice, null, "failed"]]);
  });

  it("what is done, and cannot be written down after, is known to have been begun", async () => {
    await runs.waiting();
    let writes = 0;
    const beside = await runs.beside(
      replacing("OPERATORS_DB.run", ({ perform }) => {
        writes += 1;
        return writes === 1 ? perform() : Promise.reject(new Error("down"));
      }),
    );
    expect((await post(beside, `/users/${runs.alice}/reset-window`)).status).toBe(200);
    expect(await runs.audit()).toEqual([["olga", "reset_window", runs.alice, null, "unknown"]]);
  });
});
