// When a receiver is tried again, through the whole gateway: the gate's alarm, the queue, the consumer. Every expected
// moment is in seconds since the first attempt.
import { describe, expect } from "vitest";
import { HOUR, T0 } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { it, Stage, type Started } from "../support/stage.ts";

freshForEach(0.5);

/** Of the gateway that tests make (test/support/gateway.ts), whatever the default is. */
const SCHEDULE = [0, 5, 305, 2_105, 9_305, 27_305, 63_305, 113_705, 185_705, 272_105];

async function notifiedRun(stage: Stage, host: string): Promise<Started> {
  return stage.finish(await stage.start({ callback_url: `https://${host}/hook` }));
}

function seconds(stage: Stage): number[] {
  return stage.received.map(({ atMs }) => (atMs - T0) / 1000);
}

function failsTimes(stage: Stage, failures: number, status = 500, headers: Record<string, string> = {}) {
  const failure = { status, headers };
  stage.receive(() => new Response(null, stage.received.length <= failures ? failure : { status: 200 }));
}

describe("a receiver that fails", () => {
  it.for([0, 1, 9])(
    "%i times and then recovers gets the next attempt on schedule",
    async (failures, { stage }) => {
      failsTimes(stage, failures);
      const run = await notifiedRun(stage, `fails-${failures}.example`);
      await stage.pass(100 * HOUR);
      expect(seconds(stage)).toEqual(SCHEDULE.slice(0, failures + 1));
      expect(await stage.state(run)).toBe("delivered");
      expect(await stage.counts()).toEqual([failures + 1, 1, failures + 1, 1, 0]);
    },
  );

  it("gets the same body and the same webhook-id every time, with proofs made afresh", async ({ stage }) => {
    failsTimes(stage, 3);
    await notifiedRun(stage, "same.example");
    await stage.pass(100 * HOUR);
    expect(new Set(stage.received.map(({ body }) => body)).size).toBe(1);
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature", "callback-signature"];
    const values = names.map((name) => new Set(stage.received.map(({ headers }) => headers.get(name))));
    expect(values.map(({ size }) => size)).toEqual([1, 4, 4, 4]);
  });

  it("for ever ends as a dead letter after ten attempts, its body in KV", async ({ stage }) => {
    failsTimes(stage, 100);
    const run = await notifiedRun(stage, "dead.example");
    await stage.pass(200 * HOUR);
    expect(seconds(stage)).toEqual(SCHEDULE);
    const { data } = (await stage.deliveries(run.runId)).body;
    expect(data).toMatchObject({ state: "dead", next_attempt_at: null });
    expect(data.attempts).toMatchObject([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => ({ number })));
    expect(data.attempts[9]).toMatchObject({ status: 500, error: "status is no 2xx" });
    const { keys } = await stage.gateway.env.KV.list({ prefix: "body:v1:" });
    expect(keys).toHaveLength(1);
    expect(await stage.gateway.env.KV.get(keys[0]?.name ?? "")).toBe(stage.received[0]?.body);
    expect(await stage.rows()).toBe(0);
  });

  it("is tried again without the upstream, which has forgotten the run", async ({ stage }) => {
    failsTimes(stage, 2);
    await notifiedRun(stage, "forgotten.example");
    stage.gateway.upstream.runs.clear();
    const asked = stage.gateway.upstream.asked.length;
    await stage.pass(100 * HOUR);
    expect(stage.received).toHaveLength(3);
    expect(stage.received[2]?.body).toBe(stage.received[0]?.body);
    expect(stage.gateway.upstream.asked).toHaveLength(asked);
  });
});

describe("the next attempt", () => {
  it.for<{ name: string; status: number; headers?: Record<string, string>; at: number[] }>([
    { name: "waits a minute after 429", status: 429, at: [0, 60] },
    { name: "comes when Retry-After says", status: 503, headers: { "retry-after": "8" }, at: [0, 8] },
    { name: "comes after a redirect, which the gateway does not follow", status: 302, at: [0, 5] },
  ])("$name", async ({ name, status, headers = {}, at }, { stage }) => {
    failsTimes(stage, 1, status, status === 302 ? { location: "https://other.example/" } : headers);
    await notifiedRun(stage, `${name.replaceAll(/\W+/g, "-").toLowerCase()}.example`);
    await stage.pass(HOUR);
    expect(seconds(stage)).toEqual(at);
  });

  it("follows the deployment's own schedule", async () => {
    const stage = await Stage.set({ CALLBACK_RETRY_SCHEDULE: "7,11" });
    failsTimes(stage, 100);
    await notifiedRun(stage, "own.example");
    await stage.pass(HOUR);
    expect(seconds(stage)).toEqual([0, 7, 18]);
  });
});

describe("a receiver that wants no more", () => {
  it.for<{ name: string; status: number; headers?: Record<string, string> }>([
    { name: "gone", status: 410 },
    { name: "aborts", status: 500, headers: { "webhook-delivery": "abort-message" } },
  ])(
    "($name) gets none, and its run is shown as aborted",
    async ({ name, status, headers = {} }, { stage }) => {
      failsTimes(stage, 100, status, headers);
      const run = await notifiedRun(stage, `${name}.example`);
      await stage.pass(200 * HOUR);
      expect(stage.received).toHaveLength(1);
      const { data } = (await stage.deliveries(run.runId)).body;
      const aborted = { state: "aborted", next_attempt_at: null };
      expect(data).toMatchObject({ ...aborted, attempts: [{ number: 1, status }] });
      expect(await stage.rows()).toBe(0);
    },
  );
});
