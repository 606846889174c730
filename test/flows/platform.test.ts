// The bundle with production's settings, on a double of the platform that it is deployed to (support/platform.ts): what
// Cloudflare answers itself, where a gateway on one machine meets exceptions. Each outage is over in the end.
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { statuses } from "../support/times.ts";
import { type Answer, actionId, atOnce, Caller, ECHO, parseErrors, toRunId } from "./support/caller.ts";
import { type DeliveriesView, readDeliveries, untilState } from "./support/deliveries.ts";
import { freePort } from "./support/environment.ts";
import { forFile } from "./support/opened.ts";
import { type Origin, Platform } from "./support/platform.ts";
import { startProcess, until, vars } from "./support/process.ts";
import { Receiver } from "./support/receiver.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";

const UPSTREAM = "upstream.example";
const LIMIT = 3;
const SOON_MS = 20_000;
/** What is asked again after 30 s: an open breaker, and what /readyz has found. */
const LATER_MS = 60_000;

const upstream = await forFile(Upstream.listen());
/** Paths at the receiver. */
const failing = new Set<string>();
const receiver = await forFile(Receiver.listen(({ path }) => (failing.has(path) ? 503 : 204)));
const platform = await forFile(Platform.listen());
const settings = {
  PUBLIC_URL: "https://actions.example.com",
  UPSTREAM_URL: `https://${UPSTREAM}`,
  ALLOW_PRIVATE_CALLBACKS: "false",
  RATE_LIMIT_DEFAULT: LIMIT,
  RUN_POLL_SCHEDULE: 1,
  CALLBACK_RETRY_SCHEDULE: "1,2,2,2,2,2",
};
const args = ["--platform", `127.0.0.1:${platform.port}`, ...vars(settings)];
const gateway = await forFile(startProcess({ args }));

const there = { port: upstream.port };
const UNKNOWN = null;
const REFUSING = { port: await freePort() };
platform.lead(UPSTREAM, there);
afterEach(() => {
  platform.lead(UPSTREAM, there);
  platform.flag = 100;
  expect(platform.refused).toEqual([]);
});

it("/readyz names an upstream that is not there and a flag that cannot be evaluated", async () => {
  platform.lead(UPSTREAM, UNKNOWN);
  platform.flag = "GENERAL";
  expect(await readiness()).toEqual([503, ["flags", "upstream"]]);
});

it("a flag that cannot be evaluated leaves the limit on, as its default says; one that is off lifts it", async () => {
  const startSome = async () => {
    const caller = await Caller.of(gateway.url);
    return statuses(await atOnce(LIMIT + 2, () => caller.start(ECHO, {}, { rateLimit: "any" })));
  };
  platform.flag = "GENERAL";
  expect(await startSome()).toEqual({ 202: LIMIT, 429: 2 });
  platform.flag = 0;
  expect(await startSome()).toEqual({ 202: LIMIT + 2 });
});

it("a flag that is on for half of the users is on or off for each of them, and stays so", async () => {
  platform.flag = 50;
  const users = await atOnce(20, () => Caller.of(gateway.url));
  // The gateway knows it for a while, but for one action: for another one it is evaluated again.
  const findLimited = async (action: string) => {
    const found: boolean[] = [];
    // One after the other: an evaluation that takes longer than 500 ms is none.
    for (const user of users)
      found.push((await user.start(action, {}, { rateLimit: "any" })).headers.has("ratelimit"));
    return found;
  };
  const limited = await findLimited(ECHO);
  expect(new Set(limited)).toEqual(new Set([true, false]));
  expect(await findLimited(actionId("0002"))).toEqual(limited);
});

it.each<[string, Origin | null, number]>([
  ["does not resolve", UNKNOWN, 1],
  ["refuses connections", REFUSING, 1],
  ["loses its answers", { ...there, losesAnswers: true }, 3],
])("an upstream that %s: the start is sent twice and is a 503, its retry starts one run", async (...row) => {
  const [, origin, starts] = row;
  const caller = await Caller.of(gateway.url);
  const data = { idempotency_id: randomUUID() };
  platform.lead(UPSTREAM, origin);
  const before = platform.countCalls("POST", UPSTREAM);
  expectUnavailable(await caller.start(ECHO, data));
  expect(platform.countCalls("POST", UPSTREAM) - before).toBe(2);

  platform.lead(UPSTREAM, there);
  const run = upstream.run(toRunId(await caller.start(ECHO, data)));
  expect(run.starts).toBe(starts);
  const ofThisId = [...upstream.runs.values()].filter(({ callersId }) => callersId === data.idempotency_id);
  expect(ofThisId).toEqual([run]);
});

it.each([
  ["does not resolve", UNKNOWN],
  ["refuses connections", REFUSING],
])(
  "an upstream that %s: a read is a 503, and one that is held goes on until the run has ended",
  async (_, origin) => {
    const caller = await Caller.of(gateway.url);
    const run = upstream.run(toRunId(await caller.start(ECHO, {})));
    expect((await caller.read(ECHO, run.id)).status).toBe(202);
    const reads = () => platform.countCalls("GET", UPSTREAM);
    let before = reads();
    const held = caller.read(ECHO, run.id, "?wait_seconds=30");
    await until("the first read of the hold", SOON_MS, () => reads() > before);
    platform.lead(UPSTREAM, origin);
    expectUnavailable(await caller.read(ECHO, run.id));
    before = reads();
    await until("two reads in vain", SOON_MS, () => reads() > before + 1);
    upstream.end(run);
    platform.lead(UPSTREAM, there);
    const { status, text } = await held;
    expect([status, text]).toEqual([200, run.ended]);
  },
);

const hookAt = (host: string) => ({ callback_url: `https://${host}/${host}` });

/** A run that the gateway's first poll finds ended. */
async function endedRun(caller: Caller, host: string): Promise<UpstreamRun> {
  const run = upstream.run(toRunId(await caller.start(ECHO, hookAt(host))));
  upstream.end(run);
  return run;
}

describe("a callback", () => {
  it.each([
    ["does not resolve", UNKNOWN, 530],
    ["refuses connections", REFUSING, 521],
  ])(
    "to a host that %s had no connection, and arrives when the host is back",
    async (how, origin, status) => {
      const host = `${how.replace(/ .*/, "")}.example`;
      const caller = await Caller.of(gateway.url);
      platform.lead(host, origin);
      const run = await endedRun(caller, host);
      await until("the first attempt", SOON_MS, () => platform.countCalls("POST", host) === 1);
      platform.lead(host, { port: receiver.port });
      const { attempts } = await untilState(caller, ECHO, run.id, "delivered");
      expect(attempts[0]).toMatchObject({ status, error: "no connection" });
      expect(attempts.at(-1)).toMatchObject({ status: 204, error: null });
      expect(receiver.at(`/${host}`).map(({ body }) => body.toString())).toEqual([run.ended]);
    },
  );

  it.each<[string, Origin | null, number[]]>([
    ["no user has reached waits, without an attempt,", UNKNOWN, []],
    ["has answered 503 to all is attempted,", { port: receiver.port }, [503]],
  ])(
    "of one more user, to a host that %s and arrives when the host is back",
    async (how, origin, attempted) => {
      const host = `${how.replace(/ .*/, "")}.example`;
      failing.add(`/${host}`);
      platform.lead(host, origin);
      const users = await atOnce(4, () => Caller.of(gateway.url));
      await Promise.all(users.map((user) => atOnce(3, () => endedRun(user, host))));
      await until("ten attempts", SOON_MS, () => platform.countCalls("POST", host) >= 10);
      const caller = await Caller.of(gateway.url);
      const run = await endedRun(caller, host);
      expect(collectStatuses(await untilState(caller, ECHO, run.id, "retrying"))).toEqual(new Set(attempted));

      failing.delete(`/${host}`);
      platform.lead(host, { port: receiver.port });
      const readView = () => readDeliveries(caller, ECHO, run.id);
      await until("the delivery", LATER_MS, async () => (await readView()).state === "delivered");
      expect(collectStatuses(await readView())).toEqual(new Set([...attempted, 204]));
    },
  );

  it.each(["203.0.113.7", "[2001:db8::7]", "0xcb007107"])(
    "to %s, which the platform would refuse, is a 400; to a name it is accepted",
    async (host) => {
      const caller = await Caller.of(gateway.url);
      const refused = await caller.start(ECHO, hookAt(host));
      expect(refused.status).toBe(400);
      expect(parseErrors(refused)).toMatchObject([{ source: { pointer: "/data/callback_url" } }]);
      expect((await caller.start(ECHO, hookAt("hinted.example"))).status).toBe(202);
    },
  );
});

it("/readyz is ready when both are back", async () => {
  await until("another look", LATER_MS, async () => (await readiness())[0] === 200);
  expect(await readiness()).toEqual([200, []]);
});

/** And the dependencies that are not well. */
async function readiness(): Promise<[status: number, names: string[]]> {
  const { status, text } = await (await Caller.of(gateway.url)).call("/readyz");
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(text);
  return [status, Object.keys(dependencies).filter((name) => dependencies[name] !== "ok")];
}

function collectStatuses({ attempts }: DeliveriesView): Set<number | null> {
  return new Set(attempts.map(({ status }) => status));
}

function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(parseErrors(answer)).toMatchObject([{ code: "service_unavaiable" }]);
  expect(answer.text).not.toMatch(/error code|cloudflare|example/i);
}
